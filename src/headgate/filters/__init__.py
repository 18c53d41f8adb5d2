"""The built-in behaviours of an exchange: one a file, blind to each other, ordered in
`composition.app`."""

"""What is measured: a module for each kind of figure, a row of `table.SCENARIOS` for each."""

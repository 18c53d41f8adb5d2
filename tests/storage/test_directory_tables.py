from headgate.model import directory as records
from headgate.storage import directory_tables as tables


def test_the_columns_are_the_records_fields() -> None:
    pairs = (
        (tables.users, records.UserRow),
        (tables.keys, records.KeyRow),
        (tables.backends, records.BackendRow),
        (tables.permissions, records.Permission),
        (tables.rewrites, records.RewriteRow),
        (tables.models, records.ModelRow),
        (tables.policies, records.PolicyRow),
        (tables.admin_tokens, records.AdminTokenRow),
        (tables.administrators, records.AdministratorRow),
        (tables.admin_sessions, records.SessionRow),
        (tables.audit, records.AuditRow),
    )
    for table, record in pairs:
        fields = [name for name in record.__struct_fields__ if name != "source"]
        assert [column.name for column in table.columns] == fields, table.name

from headgate.dialects.model_list import model_entry, model_list


def test_a_model_has_the_fields_of_both_vendors() -> None:
    entry = model_entry("m")
    assert (entry["id"], entry["object"], entry["owned_by"]) == ("m", "model", "headgate")
    assert (entry["type"], entry["display_name"]) == ("model", "m")


def test_a_list_says_where_it_begins_and_ends() -> None:
    told = model_list(["a", "b", "c"])
    assert [entry["id"] for entry in told["data"]] == ["a", "b", "c"]
    assert (told["object"], told["has_more"]) == ("list", False)
    assert (told["first_id"], told["last_id"]) == ("a", "c")


def test_a_list_may_be_empty() -> None:
    told = model_list([])
    assert (told["data"], told["first_id"], told["last_id"]) == ([], None, None)

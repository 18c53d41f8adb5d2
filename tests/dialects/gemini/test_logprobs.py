"""Log probabilities."""

from headgate.dialects.gemini.logprobs import read_logprobs


def test_chosen_and_top_candidates_are_openai_entries() -> None:
    chosen = {"token": "é", "tokenId": 5, "logProbability": -0.5}
    other = {"token": "x", "logProbability": -2}
    result = {"chosenCandidates": [chosen], "topCandidates": [{"candidates": [chosen, other]}]}

    assert read_logprobs({"logprobsResult": result}) == (
        {
            "token": "é",
            "logprob": -0.5,
            "bytes": [195, 169],
            "top_logprobs": [
                {"token": "é", "logprob": -0.5, "bytes": [195, 169]},
                {"token": "x", "logprob": -2, "bytes": [120]},
            ],
        },
    )


def test_missing_and_odd_values_are_survived() -> None:
    assert read_logprobs({}) is None
    assert read_logprobs({"logprobsResult": {}}) is None
    (entry,) = read_logprobs({"logprobsResult": {"chosenCandidates": [{}]}}) or ()
    assert entry == {"token": "", "logprob": 0.0, "bytes": [], "top_logprobs": []}

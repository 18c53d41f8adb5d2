import pytest

from headgate.policies.languages import language_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The answer to the question is that it depends on the weather and you.", "en"),
        ("Die Antwort auf die Frage ist, dass es von dem Wetter und dir abhängt.", "de"),
        ("La réponse est que les choses sont dans la maison et pas au jardin.", "fr"),
        ("La respuesta es que los niños están en el parque y no hay más.", "es"),
        ("Ответ на вопрос зависит от погоды и от вас.", "ru"),
        ("答案取决于天气和您的心情。", "zh"),
        ("答えは天気によります。", "ja"),
        ("대답은 날씨에 달려 있습니다.", "ko"),
        ("الجواب يعتمد على الطقس", "ar"),
    ],
)
def test_a_language_is_told_by_its_script_or_its_small_words(text: str, language: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize(
    "text", ["", "OK", "42 + 58 = 100", "for i in range(10): print(i)", "pizza"]
)
def test_what_cannot_be_told_is_not_guessed(text: str) -> None:
    assert language_of(text) is None

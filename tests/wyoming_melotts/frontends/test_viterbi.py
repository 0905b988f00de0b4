"""Parts of speech are those that jieba finds itself."""

from random import Random

import pytest
from jieba.posseg import char_state_tab_P, emit_P, start_P, trans_P
from jieba.posseg.viterbi import viterbi as jiebas

from wyoming_melotts.frontends.viterbi import viterbi

COMMON = "一二三加不儿的了我你他是在有个人这中大来上国"


@pytest.mark.parametrize("length", [1, 2, 3, 8, 40])
def test_the_states_are_jiebas(length: int) -> None:
    random = Random(length)
    rare = [chr(random.randrange(0x4E00, 0x9FA6)) for _ in range(30)]
    for _ in range(5):
        text = "".join(random.choice([*COMMON, *rare]) for _ in range(length))
        expected = jiebas(text, char_state_tab_P, start_P, trans_P, emit_P)
        assert viterbi(text) == expected

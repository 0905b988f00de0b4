"""Deciding, at each place of an utterance, what to do: nothing, speculate, wait longer, end."""

from dataclasses import dataclass
from enum import Enum, StrEnum, auto

from wyoming_funasr.audio.utterance import SpeechState
from wyoming_funasr.recognition.home import Completeness
from wyoming_funasr.recognition.types import Recognition
from wyoming_funasr.requests.completeness import CompletenessJudge


class EndedBy(StrEnum):
    """What ended an utterance; the words go into the transcript's context."""

    AUDIO_STOP = "audio-stop"
    """The client said so."""
    FLUSH = "flush"
    """The client wants the text so far; other utterances follow."""
    SILENCE = "silence"
    NO_SPEECH = "no-speech"
    LIMIT = "limit"
    """It was as long as an utterance may be."""
    MODEL = "model"
    """The client wants another model from here on."""


class Decision(Enum):
    """What to do at a place of an utterance."""

    NOTHING = auto()
    SPECULATE = auto()
    """A pause: recognize the speech so far, in case that none follows."""
    RECOGNIZE = auto()
    """The pause may be the end: the text has to be known, then decide again."""
    WAIT_LONGER = auto()
    """The text is known, and the pause is too short to end it."""
    END = auto()
    GIVE_UP = auto()
    """Nobody has spoken for too long."""


@dataclass(frozen=True)
class EndpointRules:
    """How long to wait, in milliseconds."""

    silence_ms: int | None
    """Silence that ends an utterance; None leaves that to the client."""
    unfinished_silence_ms: int
    """The same where the text breaks off."""
    no_speech_ms: int
    """Audio without speech that ends a request."""
    speculation_silence_ms: int
    """Silence in which recognition begins ahead; 0 turns that off."""
    complete_silence_ms: int
    """Silence behind a whole command; never longer than `silence_ms`."""
    unplaced_silence_ms: int
    """The same behind a text that no sentences place; never shorter than `silence_ms`."""
    noise_ends: bool = False
    """Whether the silence that ends an utterance also ends one of sounds that were no speech."""

    @property
    def shortest_silence_ms(self) -> int | None:
        """Silence that may end an utterance; only its text can tell."""
        if self.silence_ms is None:
            return None
        return min(self.silence_ms, self.complete_silence_ms)


class Endpointing:
    """Decides by rules and by a judge of texts; it has no state and does no work of its own."""

    def __init__(self, rules: EndpointRules, judge: CompletenessJudge) -> None:
        """`judge` is asked of texts that the sentences of a home do not place."""
        self._rules = rules
        self._judge = judge

    def decide(self, speech: SpeechState, heard: Recognition | None) -> Decision:
        """Decide at one place.

        `heard` is what was recognized of exactly this speech, None while that is not known.
        Empty text means that the sounds were no speech: a cough, a door.
        """
        rules = self._rules
        shortest_ms = rules.shortest_silence_ms
        if rules.silence_ms is None or shortest_ms is None:
            return self._speculate_or_nothing(speech, heard)
        is_noise = heard is not None and not heard.text
        if is_noise and rules.noise_ends and speech.silence_ms >= rules.silence_ms:
            return Decision.END
        if speech.revision == 0 or is_noise:
            gives_up = speech.position_ms >= rules.no_speech_ms
            return Decision.GIVE_UP if gives_up else Decision.NOTHING
        if heard is not None:
            has_ended = speech.silence_ms >= self._silence_to_end(heard, rules.silence_ms)
            return Decision.END if has_ended else Decision.WAIT_LONGER
        if speech.silence_ms >= shortest_ms:
            return Decision.RECOGNIZE
        return self._speculate_or_nothing(speech, heard)

    def _silence_to_end(self, heard: Recognition, silence_ms: int) -> int:
        completeness = heard.completeness
        if completeness in (None, Completeness.UNKNOWN):
            completeness = self._judge(heard)
        if completeness is Completeness.UNFINISHED:
            return max(silence_ms, self._rules.unfinished_silence_ms)
        # what is a command somewhere is none in a home that does not know it
        is_placed = heard.completeness is not Completeness.UNKNOWN
        if completeness is Completeness.COMPLETE and is_placed:
            return min(silence_ms, self._rules.complete_silence_ms)
        return max(silence_ms, self._rules.unplaced_silence_ms)

    def _speculate_or_nothing(self, speech: SpeechState, heard: Recognition | None) -> Decision:
        pause_ms = self._rules.speculation_silence_ms
        is_pause = bool(pause_ms and speech.revision and speech.silence_ms >= pause_ms)
        return Decision.SPECULATE if is_pause and heard is None else Decision.NOTHING

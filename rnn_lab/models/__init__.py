"""One model for each application, composed from `rnn_lab.nn`."""

from rnn_lab.models.architectures import Architecture, bundled_language_models
from rnn_lab.models.autoencoder import Autoencoder
from rnn_lab.models.caption_decoder import CaptionBatch, CaptionDecoder
from rnn_lab.models.captioner import Captioner
from rnn_lab.models.classifier import Classifier, SentenceBatch
from rnn_lab.models.forecaster import Forecaster, QuantileForecaster
from rnn_lab.models.free_run import FreeRunForecaster, RunBatch
from rnn_lab.models.language_model import LanguageModel, TextBatch
from rnn_lab.models.ngrams import NGrams
from rnn_lab.models.picture_encoder import PictureEncoder, ThingNamer
from rnn_lab.models.recognizer import Recognizer, RecognizerArchitecture, SoundBatch, bundled_recognizer
from rnn_lab.models.scene_captioner import SceneCaptioner, bundled_captioner
from rnn_lab.models.sequence_model import SequenceModel
from rnn_lab.models.streams import Stream, as_columns, cross_entropy
from rnn_lab.models.template_matcher import TemplateMatcher
from rnn_lab.models.translator import PairBatch, Translator
from rnn_lab.models.windows import Windows

__all__ = [
    "Architecture",
    "Autoencoder",
    "CaptionBatch",
    "CaptionDecoder",
    "Captioner",
    "Classifier",
    "Forecaster",
    "FreeRunForecaster",
    "LanguageModel",
    "NGrams",
    "PairBatch",
    "PictureEncoder",
    "QuantileForecaster",
    "Recognizer",
    "RecognizerArchitecture",
    "RunBatch",
    "SceneCaptioner",
    "SentenceBatch",
    "SequenceModel",
    "SoundBatch",
    "Stream",
    "TemplateMatcher",
    "TextBatch",
    "ThingNamer",
    "Translator",
    "Windows",
    "as_columns",
    "bundled_captioner",
    "bundled_language_models",
    "bundled_recognizer",
    "cross_entropy",
]

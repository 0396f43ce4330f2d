"""The character-level language of the pocket lab: its tokenizer and its tiny Llama."""

import torch
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

ALPHABET = ".0123456789+=,#$*-?yn>"
"""Every character is a token; `.` is the padding, `$` ends a text."""
PAD, EOS = ".", "$"


def tokenizer() -> PreTrainedTokenizerFast:
    """Return the character tokenizer; `AutoTokenizer` reloads it from any saved folder."""
    words = Tokenizer(models.WordLevel({char: i for i, char in enumerate(ALPHABET)}, unk_token=PAD))
    words.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), behavior="isolated")
    words.decoder = decoders.Fuse()
    return PreTrainedTokenizerFast(
        tokenizer_object=words,
        pad_token=PAD,
        eos_token=EOS,
        padding_side="left",
        model_max_length=64,
        clean_up_tokenization_spaces=False,
    )


def tiny_llama(seed: int, hidden: int = 64, layers: int = 2) -> LlamaForCausalLM:
    """Return a randomly initialised Llama of about 85,000 parameters in float32."""
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(ALPHABET),
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=4,
        intermediate_size=2 * hidden,
        max_position_embeddings=64,
        tie_word_embeddings=False,
        pad_token_id=ALPHABET.index(PAD),
        eos_token_id=ALPHABET.index(EOS),
        bos_token_id=None,
    )
    return LlamaForCausalLM(config)

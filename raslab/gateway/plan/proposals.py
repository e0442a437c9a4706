"""Algorithms as strongSwan writes them. Its keywords are those of RFC 7296's transforms, joined by dashes."""

from __future__ import annotations

from raslab.gateway.state import PRESETS, CustomPolicy, VpnS2SInterface
from raslab.gateway.state.policy import AEAD_CIPHERS

_CIPHERS = {
    "DES": "des",
    "DES3": "3des",
    "AES128": "aes128",
    "AES192": "aes192",
    "AES256": "aes256",
    "GCMAES128": "aes128gcm16",
    "GCMAES192": "aes192gcm16",
    "GCMAES256": "aes256gcm16",
    "CHACHA20POLY1305": "chacha20poly1305",
    "None": "null",
}
_CHECKS = {"MD596": "md5", "SHA196": "sha1", "SHA256128": "sha256"}
_GROUPS = {
    "Group1": "modp768",
    "Group2": "modp1024",
    "Group14": "modp2048",
    "Group24": "modp2048s256",
    "ECP256": "ecp256",
    "ECP384": "ecp384",
    "Group15": "modp3072",
    "Group16": "modp4096",
    "ECP521": "ecp521",
    "X25519": "x25519",
    "X448": "x448",
    "PFS1": "modp768",
    "PFS2": "modp1024",
    "PFS2048": "modp2048",
    "PFS24": "modp2048s256",
    "PFS3072": "modp3072",
    "PFS4096": "modp4096",
}
_IKE_MAXIMUM = ("aes256-sha384-ecp384", "aes256-sha256-modp2048")
_IKE_USUAL = (*_IKE_MAXIMUM, "aes256-sha256-modp1024", "aes256-sha1-modp1024", "3des-sha1-modp1024")
_ESP_MAXIMUM = ("aes256gcm16", "aes256-sha256")
_ESP_USUAL = (*_ESP_MAXIMUM, "aes256-sha1", "3des-sha1")
_ESP_NONE = ("null-sha256", "null-sha1")
# Who says nothing of perfect forward secrecy has it with who wants it, and does without where the other side does, as
# Windows. A group has to be first: charon leaves out all of them if it begins without.
_GOOD_GROUPS = ("ecp384", "ecp256", "ecp521", "x25519", "modp2048", "modp3072", "modp4096")
_ANY_GROUP = "-".join((*_GOOD_GROUPS, "modp1024", "modpnone"))
_ANY_GOOD_GROUP = "-".join((*_GOOD_GROUPS, "modpnone"))
_BY_ENCRYPTION_TYPE = {
    "NoEncryption": (_IKE_USUAL, _ESP_NONE),
    "OptionalEncryption": (_IKE_USUAL, (*_ESP_USUAL, *_ESP_NONE)),
    "RequireEncryption": (_IKE_USUAL, _ESP_USUAL),
    "MaximumEncryption": (_IKE_MAXIMUM, _ESP_MAXIMUM),
}


def proposals(interface: VpnS2SInterface) -> tuple[list[str], list[str]]:
    """What to propose for IKE and for ESP, best first."""
    policy = interface.custom_policy
    if policy is None:
        ike, esp = _BY_ENCRYPTION_TYPE[interface.encryption_type]
        groups = _ANY_GOOD_GROUP if interface.encryption_type == "MaximumEncryption" else _ANY_GROUP
        return list(ike), [f"{one}-{groups}" for one in esp]
    chosen = policy if isinstance(policy, CustomPolicy) else PRESETS[policy]
    return [_ike(chosen)], [_esp(chosen)]


def _ike(policy: CustomPolicy) -> str:
    check = policy.integrity_check_method.lower()
    if policy.encryption_method in AEAD_CIPHERS:
        check = f"prf{check}"  # the cipher authenticates; what is left is the pseudo-random function
    return f"{_CIPHERS[policy.encryption_method]}-{check}-{_GROUPS[policy.dh_group]}"


def _esp(policy: CustomPolicy) -> str:
    words = [_CIPHERS[policy.cipher_transform_constants]]
    if policy.cipher_transform_constants not in AEAD_CIPHERS:
        words.append(_CHECKS[policy.authentication_transform_constants])
    if policy.pfs_group != "None":
        words.append(_GROUPS[policy.dh_group if policy.pfs_group == "PFSMM" else policy.pfs_group])
    if policy.extended_sequence_numbers:
        words.append("esn")
    return "-".join(words)

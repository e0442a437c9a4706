"""The algorithms of IKE and ESP in the words of the cmdlets, and named sets of them."""

from __future__ import annotations

from dataclasses import dataclass

ENCRYPTION_METHODS = ("DES", "DES3", "AES128", "AES192", "AES256", "CHACHA20POLY1305")
INTEGRITY_CHECK_METHODS = ("MD5", "SHA1", "SHA256", "SHA384", "SHA512")
DH_GROUPS = ("None", "Group1", "Group2", "Group14", "ECP256", "ECP384", "Group24", "X25519")
CIPHER_TRANSFORM_CONSTANTS = (
    "DES",
    "DES3",
    "AES128",
    "AES192",
    "AES256",
    "GCMAES128",
    "GCMAES192",
    "GCMAES256",
    "None",
    "CHACHA20POLY1305",
)
AUTHENTICATION_TRANSFORM_CONSTANTS = (
    "MD596",
    "SHA196",
    "SHA256128",
    "GCMAES128",
    "GCMAES192",
    "GCMAES256",
    "None",
    "CHACHA20POLY1305",
)
PFS_GROUPS = ("None", "PFS1", "PFS2", "PFS2048", "ECP256", "ECP384", "PFSMM", "PFS24", "X25519")
ENCRYPTION_TYPES = ("NoEncryption", "OptionalEncryption", "RequireEncryption", "MaximumEncryption")
AEAD_CIPHERS = ("GCMAES128", "GCMAES192", "GCMAES256", "CHACHA20POLY1305")  # these authenticate what they encrypt


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomPolicy:
    """One choice per algorithm, for IKE (the first three) and for ESP. The defaults are those of the cmdlets.

    X25519, CHACHA20POLY1305 and SHA512 are beyond what Windows offers.
    """

    encryption_method: str = "AES256"
    integrity_check_method: str = "SHA256"
    dh_group: str = "Group2"
    cipher_transform_constants: str = "DES3"
    authentication_transform_constants: str = "SHA256128"
    pfs_group: str = "PFS2048"


PRESETS = {
    "windows-default": CustomPolicy(),
    # What Microsoft's page on the performance of gateways advises, with the group of its sample.
    "documented-best": CustomPolicy(
        cipher_transform_constants="GCMAES256", authentication_transform_constants="GCMAES256"
    ),
    "modern": CustomPolicy(
        encryption_method="CHACHA20POLY1305",
        integrity_check_method="SHA512",
        dh_group="X25519",
        cipher_transform_constants="CHACHA20POLY1305",
        authentication_transform_constants="CHACHA20POLY1305",
        pfs_group="X25519",
    ),
}

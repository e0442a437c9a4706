"""The algorithms of IKE and ESP in the words of the cmdlets, and named sets of them."""

from __future__ import annotations

from dataclasses import dataclass

ENCRYPTION_METHODS = (
    "DES",
    "DES3",
    "AES128",
    "AES192",
    "AES256",
    "GCMAES128",
    "GCMAES192",
    "GCMAES256",
    "CHACHA20POLY1305",
)
INTEGRITY_CHECK_METHODS = ("MD5", "SHA1", "SHA256", "SHA384", "SHA512")
DH_GROUPS = (
    "None",
    "Group1",
    "Group2",
    "Group14",
    "ECP256",
    "ECP384",
    "Group24",
    "Group15",
    "Group16",
    "ECP521",
    "X25519",
    "X448",
)
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
PFS_GROUPS = (
    "None",
    "PFS1",
    "PFS2",
    "PFS2048",
    "ECP256",
    "ECP384",
    "PFSMM",
    "PFS24",
    "PFS3072",
    "PFS4096",
    "ECP521",
    "X25519",
    "X448",
)
ENCRYPTION_TYPES = ("NoEncryption", "OptionalEncryption", "RequireEncryption", "MaximumEncryption")
AEAD_CIPHERS = ("GCMAES128", "GCMAES192", "GCMAES256", "CHACHA20POLY1305")  # these authenticate what they encrypt


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomPolicy:
    """One choice per algorithm, for IKE (the first three) and for ESP. The defaults are those of the cmdlets.

    Beyond what Windows offers are GCMAES128 to GCMAES256 and CHACHA20POLY1305 as encryption_method, of which
    integrity_check_method is the pseudo-random function (RFC 5282), SHA512, the groups Group15 (PFS3072), Group16
    (PFS4096), ECP521, X25519 and X448, CHACHA20POLY1305 for ESP, and extended_sequence_numbers: of 64 bits in ESP (RFC
    4303, section 2.2.1), which both sides have to want.
    """

    encryption_method: str = "AES256"
    integrity_check_method: str = "SHA256"
    dh_group: str = "Group2"
    cipher_transform_constants: str = "DES3"
    authentication_transform_constants: str = "SHA256128"
    pfs_group: str = "PFS2048"
    extended_sequence_numbers: bool = False


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

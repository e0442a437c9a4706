"""A certification authority for labs: keys, certificates (RFC 5280) and revocation lists, made on the fly.

Keys are ECDSA on P-256, which take a millisecond, RSA with 2048 bits, or Ed25519. Validity counts from a day before the
lab's clock at the making.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from raslab.model.secrets import SECRET

_VALID_DAYS = 3650
_BEFORE = timedelta(days=1)
_RSA_BITS, _RSA_EXPONENT = 2048, 65537
PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey


@dataclass(frozen=True)
class Identity:
    """A certificate and its private key, as PEM texts. Intermediate authorities come behind the certificate."""

    name: str
    certificate: str
    key: str = field(repr=False, metadata=SECRET)


@dataclass(frozen=True)
class Authority:
    """A certification authority: an identity whose certificate may sign others.

    root: the certificate of the authority at the end of the chain, PEM.
    """

    identity: Identity
    root: str

    @classmethod
    def create(cls, name: str, key_type: str = "ECDSA") -> Authority:
        """A new authority with a certificate signed by itself. name: its common name; key_type: ECDSA or RSA."""
        key = _new_key(key_type)
        subject = _name(name)
        certificate = _authority(_builder(subject, subject, key.public_key(), timedelta(days=_VALID_DAYS)))
        identity = _identity(name, certificate.sign(key, SHA256()), key)
        return cls(identity, identity.certificate)

    @property
    def certificate(self) -> str:
        """The authority's certificate, PEM. That of an intermediate one comes with those above it, without the root."""
        return self.identity.certificate

    def subordinate(self, name: str, key_type: str = "ECDSA") -> Authority:
        """A new intermediate authority, of which certificates come with its own behind them."""
        key = _new_key(key_type)
        issuer = self._issuer
        builder = _authority(_builder(_name(name), issuer.subject, key.public_key(), timedelta(days=_VALID_DAYS)))
        signed = builder.add_extension(_issuer_of(issuer), critical=False).sign(self._key, SHA256())
        return Authority(_identity(name, signed, key, self._chain), self.root)

    def issue(
        self,
        name: str,
        addresses: Iterable[str] = (),
        names: Iterable[str] = (),
        valid: timedelta = timedelta(days=_VALID_DAYS),
        crl_uri: str | None = None,
        *,
        mails: Iterable[str] = (),
        subject: str | None = None,
        key_type: str = "ECDSA",
    ) -> Identity:
        """A certificate for `name`, which is also its first DNS name, for VPN gateways, servers and clients.

        addresses, names, mails: further identities that it proves. valid: from now on; negative for one that has
        expired. crl_uri: where the revocation list is to be fetched; None names no place. subject: whom it is about, as
        RFC 4514 writes names (``CN=paris,O=Contoso,C=FR``), if there is more to it than a common name. key_type: ECDSA,
        RSA or Ed25519.
        """
        key = _new_key(key_type)
        issuer = self._issuer
        proven = [x509.DNSName(one) for one in dict.fromkeys((name, *names))]
        mailboxes = [x509.RFC822Name(one) for one in mails]
        alternatives = [*proven, *mailboxes, *(x509.IPAddress(ip_address(one)) for one in addresses)]
        usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.IPSEC_IKE]
        whom = _name(name) if subject is None else x509.Name.from_rfc4514_string(subject)
        builder = (
            _builder(whom, issuer.subject, key.public_key(), valid)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
            .add_extension(_issuer_of(issuer), critical=False)
        )
        if crl_uri is not None:
            point = x509.DistributionPoint([x509.UniformResourceIdentifier(crl_uri)], None, None, None)
            builder = builder.add_extension(x509.CRLDistributionPoints([point]), critical=False)
        return _identity(name, builder.sign(self._key, SHA256()), key, self._chain)

    def crl(self, revoked: Iterable[Identity] = (), number: int = 1) -> str:
        """A revocation list, PEM. number: grows from list to list; a gateway keeps the one with the highest."""
        now = datetime.now(UTC)
        issuer = self._issuer
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(issuer.subject)
            .last_update(now - _BEFORE)
            .next_update(now + timedelta(days=_VALID_DAYS))
            .add_extension(x509.CRLNumber(number), critical=False)
            .add_extension(_issuer_of(issuer), critical=False)
        )
        for identity in revoked:
            serial = x509.load_pem_x509_certificate(identity.certificate.encode()).serial_number
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now - _BEFORE).build()
            builder = builder.add_revoked_certificate(entry)
        return builder.sign(self._key, SHA256()).public_bytes(Encoding.PEM).decode()

    @property
    def _issuer(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self.certificate.encode())

    @property
    def _chain(self) -> str:
        """What comes behind a certificate of this authority."""
        return "" if self.certificate == self.root else self.certificate

    @property
    def _key(self) -> PrivateKey:
        key = load_pem_private_key(self.identity.key.encode(), None)
        assert isinstance(key, PrivateKey)
        return key


def subject(certificate: str) -> str:
    """Whom a certificate (PEM) is about, as RFC 4514 writes names."""
    return x509.load_pem_x509_certificate(certificate.encode()).subject.rfc4514_string()


def list_issuer(crl: str) -> str:
    """Whose revocation list (PEM) this is, as RFC 4514 writes names."""
    return x509.load_pem_x509_crl(crl.encode()).issuer.rfc4514_string()


def key_identifier(key: str) -> str:
    """What a key (PEM) is known by: the SHA-1 value of its public key (RFC 5280, section 4.2.1.2), hexadecimal."""
    public = load_pem_private_key(key.encode(), None).public_key()
    return x509.SubjectKeyIdentifier.from_public_key(public).digest.hex()  # type: ignore[arg-type]


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _new_key(key_type: str) -> PrivateKey:
    if key_type == "RSA":
        return rsa.generate_private_key(_RSA_EXPONENT, _RSA_BITS)
    if key_type == "Ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key(ec.SECP256R1())


def _authority(builder: x509.CertificateBuilder) -> x509.CertificateBuilder:
    return builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).add_extension(
        _usage(signs_certificates=True), critical=True
    )


def _builder(subject: x509.Name, issuer: x509.Name, key: PublicKey, valid: timedelta) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(min(now, now + valid) - _BEFORE)
        .not_valid_after(now + valid)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _issuer_of(authority: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    """By this, strongSwan finds the revocation list that belongs to a certificate."""
    identifier = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)


def _usage(signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _identity(name: str, certificate: x509.Certificate, key: PrivateKey, chain: str = "") -> Identity:
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return Identity(name, certificate.public_bytes(Encoding.PEM).decode() + chain, secret.decode())

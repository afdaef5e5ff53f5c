//! What is wrong with the TLS of a server, in words.

use std::io;

/// The end of what rustls says, and what that means.
const MEANINGS: [(&str, &str); 11] = [
    ("UnknownIssuer", "its certificate is signed by no authority that this machine trusts"),
    ("certificate expired", "its certificate has expired"),
    ("certificate not valid yet", "its certificate is not valid yet"),
    ("certificate not valid for name", "its certificate is for another name"),
    ("NotValidForName", "its certificate is for another name"),
    ("NameConstraintViolation", "its certificate is signed by an authority that may not sign for this name"),
    ("HandshakePayloadTooLarge", "it shows more certificates than anybody needs"),
    (
        "CaUsedAsEndEntity",
        "its certificate is one of an authority (`CA:TRUE`), which no server may show as its own",
    ),
    ("ServerDoesNotSupportTls12Or13", "it speaks neither TLS 1.2 nor TLS 1.3"),
    ("ProtocolVersion", "it speaks neither TLS 1.2 nor TLS 1.3"),
    ("CertificateRequired", "it asks for a certificate of the client, and hld has none"),
];

/// Why the TLS of a server can not be trusted; `None` for a failure of another kind.
#[must_use]
pub fn problem(error: &ureq::Error) -> Option<String> {
    let said = match error {
        ureq::Error::Rustls(_) | ureq::Error::Tls(_) => error.to_string(),
        // What rustls finds while it shakes hands comes as data that is no good.
        ureq::Error::Io(inner) if inner.kind() == io::ErrorKind::InvalidData => inner.to_string(),
        _ => return None,
    };
    let meaning = MEANINGS.iter().find(|(end, _)| said.contains(end));
    Some(match meaning {
        // Times and names are worth reading.
        Some((_, meaning)) if said.contains("; ") || said.contains(": verification time") => {
            let details = said.trim_start_matches("invalid peer certificate: ");
            format!("it can not be trusted: {meaning} ({details})")
        }
        Some((_, meaning)) => format!("it can not be trusted: {meaning}"),
        None => format!("it can not be trusted: {said}"),
    })
}

//! Offers a server TLS 1.1 at most, which the client library cannot do any more: the first message of RFC 4346 by hand.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::OldTls;

const PATIENCE: Duration = Duration::from_secs(5);
const HANDSHAKE: u8 = 22;
const SERVER_HELLO: u8 = 2;
/// As far as the version in a `ServerHello`: the record's 5 bytes, the message's 4, and 2.
const ENOUGH: usize = 11;

/// Suites that servers of that time have, so that a refusal is about the version.
const SUITES: [u16; 8] = [
    0xc014, 0xc013, 0xc00a, 0xc009, 0x0039, 0x0033, 0x0035, 0x002f,
];

/// `name` is the server's, for its choice of a certificate.
pub(super) async fn offer(mut stream: TcpStream, name: Option<&str>) -> OldTls {
    let hello = client_hello(name);
    if stream.write_all(&hello).await.is_err() {
        return OldTls::Refused;
    }
    let mut answer = [0; ENOUGH];
    match timeout(PATIENCE, stream.read_exact(&mut answer)).await {
        Err(_) => OldTls::Silent,
        Ok(Ok(_)) if accepts(&answer) => OldTls::Accepted,
        Ok(_) => OldTls::Refused,
    }
}

fn accepts(answer: &[u8; ENOUGH]) -> bool {
    answer[0] == HANDSHAKE && answer[5] == SERVER_HELLO && answer[9..] <= [3, 2][..]
}

fn client_hello(name: Option<&str>) -> Vec<u8> {
    let mut body = vec![3, 2];
    // No key comes of this handshake, so the random value need not be random.
    body.extend([0x5a; 32]);
    body.push(0);
    let suites: Vec<u8> = SUITES
        .iter()
        .flat_map(|suite| suite.to_be_bytes())
        .collect();
    body.extend(with_length(&suites));
    body.extend([1, 0]);
    body.extend(with_length(&extensions(name)));
    let mut message = vec![1, 0];
    message.extend(with_length(&body));
    let mut record = vec![HANDSHAKE, 3, 1];
    record.extend(with_length(&message));
    record
}

fn extensions(name: Option<&str>) -> Vec<u8> {
    let mut all = Vec::new();
    if let Some(name) = name {
        let mut entry = vec![0];
        entry.extend(with_length(name.as_bytes()));
        all.extend([0, 0]);
        all.extend(with_length(&with_length(&entry)));
    }
    // Groups P-256 and P-384, points uncompressed.
    all.extend([0, 10, 0, 6, 0, 4, 0, 23, 0, 24]);
    all.extend([0, 11, 0, 2, 1, 0]);
    all
}

/// Two bytes of length, then the bytes; everything here is far below the 64 KiB that two bytes can say.
fn with_length(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    let mut whole = length.to_be_bytes().to_vec();
    whole.extend(bytes);
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_hello_of_tls_1_1_or_older_is_an_acceptance() {
        let hello = |minor| [HANDSHAKE, 3, minor, 0, 80, SERVER_HELLO, 0, 0, 76, 3, minor];
        assert!(accepts(&hello(2)) && accepts(&hello(1)));
        assert!(!accepts(&hello(3)));
        let alert = [21, 3, 2, 0, 2, 2, 70, 0, 0, 0, 0];
        assert!(!accepts(&alert));
    }

    #[test]
    fn the_lengths_of_the_offer_agree_with_its_bytes() {
        for name in [None, Some("bank.example")] {
            let hello = client_hello(name);
            let record = usize::from(u16::from_be_bytes([hello[3], hello[4]]));
            assert_eq!(record, hello.len() - 5);
            let message = usize::from(u16::from_be_bytes([hello[7], hello[8]]));
            assert_eq!(message, hello.len() - 9);
        }
    }
}

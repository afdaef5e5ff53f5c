//! A small HTTP server of a test: it answers by a function and remembers what it was asked.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rustls::ServerConfig;

use crate::tls::{self, Clients, Identity};

/// A request as it arrived.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST` …
    pub method: String,
    /// Path and query, as they were sent.
    pub target: String,
    /// Headers in order, their names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, chunks joined.
    pub body: Vec<u8>,
}

/// An answer.
#[derive(Clone, Debug)]
pub enum Response {
    /// Status, headers and body.
    Whole {
        /// The status.
        status: u16,
        /// Headers besides `Content-Length` and `Connection`.
        headers: Vec<(String, String)>,
        /// The body.
        body: Vec<u8>,
    },
    /// These bytes, whatever they are, and then the connection ends.
    Raw(Vec<u8>),
    /// Nothing: the connection ends, the reply is lost.
    Lost,
    /// Whatever is written until it ends or the client is gone.
    Script(Script),
}

/// Writes an answer bit by bit.
#[derive(Clone)]
pub struct Script(Arc<Talk>);

type Talk = dyn Fn(&mut dyn Write) -> io::Result<()> + Send + Sync;

impl std::fmt::Debug for Script {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Script")
    }
}

/// What a request comes over.
type Wire = Box<dyn ReadWrite>;

trait ReadWrite: Read + Write {}

impl<T: Read + Write> ReadWrite for T {}

type Answer = dyn Fn(&Request) -> Response + Send + Sync;

/// A server on a free port of this machine, until it is dropped.
pub struct Server {
    address: SocketAddr,
    is_encrypted: bool,
    requests: Arc<Mutex<Vec<Request>>>,
    is_done: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// Most bytes of a body that are taken.
const MOST: usize = 256 << 20;

impl Request {
    /// A header, by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The path, without the query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The query, without the `?`.
    #[must_use]
    pub fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }

    fn read(stream: &mut BufReader<Wire>) -> io::Result<Option<Self>> {
        let mut request = Request::default();
        let Some(first) = line(stream)? else { return Ok(None) };
        let mut words = first.split(' ');
        request.method = words.next().unwrap_or_default().to_owned();
        request.target = words.next().unwrap_or_default().to_owned();
        while let Some(header) = line(stream)?.filter(|header| !header.is_empty()) {
            let (name, value) = header.split_once(':').unwrap_or((&header, ""));
            request.headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
        if request.header("expect").is_some() {
            stream.get_mut().write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        if request.header("transfer-encoding").is_some_and(|coding| coding.contains("chunked")) {
            request.body = chunks(stream)?;
        } else if let Some(length) = request.header("content-length").and_then(|length| length.parse().ok()) {
            request.body = vec![0; usize::min(length, MOST)];
            stream.read_exact(&mut request.body)?;
        }
        Ok(Some(request))
    }
}

fn line(stream: &mut BufReader<Wire>) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    if stream.read_until(b'\n', &mut bytes)? == 0 {
        return Ok(None);
    }
    Ok(Some(String::from_utf8_lossy(&bytes).trim_end_matches(['\r', '\n']).to_owned()))
}

fn chunks(stream: &mut BufReader<Wire>) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let size = line(stream)?.unwrap_or_default();
        let size = usize::from_str_radix(size.split(';').next().unwrap_or_default().trim(), 16).unwrap_or(0);
        if size == 0 {
            while line(stream)?.is_some_and(|trailer| !trailer.is_empty()) {}
            return Ok(body);
        }
        let begins = body.len();
        body.resize(begins + size.min(MOST), 0);
        stream.read_exact(&mut body[begins..])?;
        line(stream)?;
    }
}

impl Response {
    /// A status and a body.
    #[must_use]
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Response::Whole { status, headers: Vec::new(), body: body.into() }
    }

    /// JSON with a status.
    #[must_use]
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        Response::new(status, body.to_string()).header("content-type", "application/json")
    }

    /// A redirect.
    #[must_use]
    pub fn redirect(status: u16, location: &str) -> Self {
        Response::new(status, "").header("location", location)
    }

    /// What `talk` writes, status line and headers as well; it is called once for each request.
    #[must_use]
    pub fn script(talk: impl Fn(&mut dyn Write) -> io::Result<()> + Send + Sync + 'static) -> Self {
        Response::Script(Script(Arc::new(talk)))
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Response::Whole { headers, .. } = &mut self {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// What goes over the wire.
    fn bytes(&self) -> Vec<u8> {
        let (status, headers, body) = match self {
            Response::Raw(bytes) => return bytes.clone(),
            Response::Lost | Response::Script(_) => return Vec::new(),
            Response::Whole { status, headers, body } => (status, headers, body),
        };
        let mut bytes = format!("HTTP/1.1 {status} Status\r\n").into_bytes();
        for (name, value) in headers {
            bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        bytes.extend_from_slice(
            format!("content-length: {}\r\nconnection: close\r\n\r\n", body.len()).as_bytes(),
        );
        bytes.extend_from_slice(body);
        bytes
    }
}

impl Server {
    /// Starts a server that answers with `answer`, each connection on a thread of its own.
    ///
    /// # Errors
    /// There is no free port.
    pub fn start(answer: impl Fn(&Request) -> Response + Send + Sync + 'static) -> io::Result<Self> {
        Server::listen(None, Arc::new(answer))
    }

    /// The same over TLS, with this certificate.
    ///
    /// # Errors
    /// There is no free port, or the certificate is none.
    pub fn start_with_tls(
        (identity, clients): (&Identity, Clients),
        answer: impl Fn(&Request) -> Response + Send + Sync + 'static,
    ) -> io::Result<Self> {
        Server::listen(Some(identity.server(clients)?), Arc::new(answer))
    }

    fn listen(tls: Option<Arc<ServerConfig>>, answer: Arc<Answer>) -> io::Result<Self> {
        let is_encrypted = tls.is_some();
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let requests = Arc::new(Mutex::new(Vec::new()));
        let is_done = Arc::new(AtomicBool::new(false));
        let (seen, done) = (requests.clone(), is_done.clone());
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if done.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let (seen, answer, tls) = (seen.clone(), answer.clone(), tls.clone());
                std::thread::spawn(move || serve(wire(stream, tls)?, &seen, &*answer));
            }
        });
        Ok(Server { address, is_encrypted, requests, is_done, thread: Some(thread) })
    }

    /// `127.0.0.1:port`.
    #[must_use]
    pub fn authority(&self) -> String {
        self.address.to_string()
    }

    /// The address of a path, which starts with `/`.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        let scheme = if self.is_encrypted { "https" } else { "http" };
        format!("{scheme}://{}{path}", self.address)
    }

    /// What was asked until now.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.is_done.store(true, Ordering::SeqCst);
        TcpStream::connect(self.address).ok();
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

fn wire(stream: TcpStream, tls: Option<Arc<ServerConfig>>) -> io::Result<Wire> {
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    Ok(match tls {
        Some(config) => Box::new(tls::accept(&config, stream)?),
        None => Box::new(stream),
    })
}

fn serve(stream: Wire, seen: &Mutex<Vec<Request>>, answer: &Answer) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let Some(request) = Request::read(&mut stream)? else { return Ok(()) };
    seen.lock().unwrap_or_else(PoisonError::into_inner).push(request.clone());
    let response = answer(&request);
    if let Response::Script(Script(talk)) = &response {
        return talk(stream.get_mut());
    }
    stream.get_mut().write_all(&response.bytes())?;
    stream.get_mut().flush()
}

//! Git's smart protocol over HTTP (gitprotocol-http(5)).
//!
//! libgit2 has a client of its own, which is not used: it keeps all that a server lists before anybody can count
//! it, waits for ever while a little comes in, takes a login along to another port of the host, and connects to
//! whatever address a name has.

use std::cell::RefCell;
use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use git2::transport::{Service, SmartSubtransport, SmartSubtransportStream, Transport};
use ureq::http::{HeaderMap, HeaderValue, Request, Response};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::unversioned::transport::DefaultConnector;
use ureq::{Agent, Body, BodyReader};
use url::Url;

use crate::connection::Connection;
use crate::error::{ErrorKind, GitError};
use crate::list::List;
use crate::pack::Watch;
use crate::proxy::proxy_for;
use crate::reach::Guard;
use crate::{patience, tls};

/// What stands before the scheme in the addresses that libgit2 is given.
pub(crate) const PREFIX: &str = "hld-";

/// What the addresses of this transport begin with.
pub(crate) const SCHEMES: [&str; 2] = ["hld-http", "hld-https"];

/// The service that sends objects.
const UPLOAD_PACK: &str = "git-upload-pack";

/// Most redirects of one request.
const MOST_REDIRECTS: usize = 5;

/// Most seconds of a time limit: more can not be added to a moment.
const MOST_SECONDS: u64 = 365 * 24 * 3600;

/// Most bytes that are read of an answer that is not used, so that its connection serves once more.
const MOST_UNUSED: u64 = 64 * 1024;

/// Most bytes of the headers of an answer.
const MOST_HEADERS: usize = 64 * 1024;

/// What takes a push.
const RECEIVE_PACK: &str = "git-receive-pack";

/// Servers look at the beginning of it.
const USER_AGENT: &str = concat!("git/2.0 (hld ", env!("CARGO_PKG_VERSION"), ")");

thread_local! {
    /// The connection that libgit2 works for on this thread.
    static CURRENT: RefCell<Option<Arc<Connection>>> = const { RefCell::new(None) };
}

/// Makes a connection the one that libgit2 works for on this thread, until it is dropped.
pub(crate) struct Entered(());

pub(crate) fn enter(connection: &Arc<Connection>) -> Entered {
    CURRENT.with_borrow_mut(|current| *current = Some(connection.clone()));
    Entered(())
}

impl Drop for Entered {
    fn drop(&mut self) {
        CURRENT.with_borrow_mut(|current| *current = None);
    }
}

/// What makes this transport for a remote.
pub(crate) fn factory(remote: &git2::Remote<'_>) -> Result<Transport, git2::Error> {
    let connection = CURRENT.with_borrow(Clone::clone);
    let connection = connection.ok_or_else(|| git2::Error::from_str("there is no connection to work for"))?;
    let client = Client::new(connection.clone()).map_err(|fault| connection.stop(fault))?;
    Transport::smart(remote, true, Http(Arc::new(client)))
}

struct Http(Arc<Client>);

impl SmartSubtransport for Http {
    fn action(&self, _: &str, action: Service) -> Result<Box<dyn SmartSubtransportStream>, git2::Error> {
        let service = match action {
            Service::UploadPackLs | Service::UploadPack => UPLOAD_PACK,
            Service::ReceivePackLs | Service::ReceivePack => RECEIVE_PACK,
        };
        let mut exchange = Exchange { client: self.0.clone(), service, question: Vec::new(), answer: None };
        if matches!(action, Service::UploadPackLs | Service::ReceivePackLs) {
            exchange.ask(&Question::List).map_err(|fault| self.0.connection.stop(fault))?;
        }
        Ok(Box::new(exchange))
    }

    fn close(&self) -> Result<(), git2::Error> {
        Ok(())
    }
}

/// A request and its answer.
struct Exchange {
    client: Arc<Client>,
    service: &'static str,
    question: Vec<u8>,
    answer: Option<Answer>,
}

enum Question<'q> {
    List,
    Call(&'q [u8]),
}

struct Answer {
    body: BodyReader<'static>,
    /// Looks at what is listed.
    list: Option<List>,
    /// Looks at what is sent.
    watch: Option<Watch>,
}

impl Exchange {
    fn ask(&mut self, question: &Question<'_>) -> Result<(), GitError> {
        let body = self.client.ask(self.service, question)?.into_reader();
        let is_list = matches!(question, Question::List);
        let sends_pack = !is_list && self.service == UPLOAD_PACK;
        let limits = self.client.connection.limits();
        let watch = sends_pack.then(|| Watch::new(limits));
        self.answer = Some(Answer { body, list: is_list.then(|| List::of(2)), watch });
        Ok(())
    }

    fn take(&mut self, buffer: &mut [u8]) -> Result<usize, GitError> {
        if self.answer.is_none() {
            let question = std::mem::take(&mut self.question);
            self.ask(&Question::Call(&question))?;
        }
        let Some(Answer { body, list, watch }) = &mut self.answer else { return Ok(0) };
        let client = &self.client;
        let mut read = |buffer: &mut [u8]| {
            client.connection.check()?;
            let n_read = body.read(buffer).map_err(|error| client.explain(&ureq::Error::from(error)))?;
            client.connection.count(n_read)?;
            if let Some(watch) = watch {
                watch.feed(&buffer[..n_read])?;
            }
            Ok(n_read)
        };
        let Some(list) = list else { return read(buffer) };
        let n_read = list.read(buffer, read)?;
        list.check(client.connection.limits())?;
        Ok(n_read)
    }
}

impl Read for Exchange {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.take(buffer).map_err(|fault| io::Error::other(self.client.connection.stop(fault)))
    }
}

impl Write for Exchange {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.question.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Asks one server for one connection.
struct Client {
    connection: Arc<Connection>,
    agent: Agent,
    place: Mutex<Place>,
}

/// What was learned from the answers.
struct Place {
    /// The address of the repository, where redirects have led to.
    base: String,
    /// The login that is sent.
    login: Option<HeaderValue>,
}

impl Client {
    fn new(connection: Arc<Connection>) -> Result<Self, GitError> {
        let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
        let limits = connection.limits();
        let base = connection.url().to_string().trim_end_matches('/').to_owned();
        let proxy = match Url::parse(&base) {
            Ok(url) => proxy_for(&url).map_err(|words| GitError::new(ErrorKind::Local, words))?,
            Err(_) => None,
        };
        let config = Agent::config_builder()
            .tls_config(tls)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .accept_encoding("identity")
            .user_agent(USER_AGENT)
            .max_response_header_size(MOST_HEADERS)
            // Less than any server keeps a silent connection.
            .max_idle_age(Duration::from_secs(3))
            .timeout_connect(Some(patience::CONNECTING))
            .timeout_per_read(Some(limits.silence))
            .timeout_per_write(Some(limits.silence))
            .timeout_global(Some(Duration::from_secs(limits.seconds.min(MOST_SECONDS))))
            .proxy(proxy);
        let guard = Guard::new(connection.reach().clone());
        let agent = Agent::with_parts(config.build(), DefaultConnector::default(), guard);
        let login = connection.first_login().and_then(sensitive);
        Ok(Client { connection, agent, place: Mutex::new(Place { base, login }) })
    }

    fn place(&self) -> MutexGuard<'_, Place> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ask(&self, service: &str, question: &Question<'_>) -> Result<Body, GitError> {
        let mut n_redirects = 0;
        loop {
            self.connection.check()?;
            let response = self.send(service, question)?;
            match response.status().as_u16() {
                200 => return self.body(response, service, question),
                401 => {
                    self.log_in(response.headers())?;
                    finish(response);
                }
                301 | 302 | 303 | 307 | 308
                    if n_redirects < MOST_REDIRECTS && matches!(question, Question::List) =>
                {
                    self.redirect(response.headers(), service)?;
                    finish(response);
                    n_redirects += 1;
                }
                status => return Err(self.refusal(status, response.headers())),
            }
        }
    }

    fn send(&self, service: &str, question: &Question<'_>) -> Result<Response<Body>, GitError> {
        let (base, login) = {
            let place = self.place();
            (place.base.clone(), place.login.clone())
        };
        let mut request = Request::builder();
        if let Some(login) = login {
            request = request.header("authorization", login);
        }
        let odd = |_| self.fault(ErrorKind::Local, "its address can not be asked");
        let sent = match question {
            Question::List => {
                let request = request.method("GET").uri(format!("{base}{}", list_path(service)));
                self.agent.run(request.body(()).map_err(odd)?)
            }
            Question::Call(bytes) => {
                let request = request.method("POST").uri(format!("{base}/{service}"));
                let request = request.header("content-type", format!("application/x-{service}-request"));
                let request = request.header("accept", format!("application/x-{service}-result"));
                let request = self.agent.configure_request(request.body(*bytes).map_err(odd)?);
                // What a server says while its hooks look at a push may be held back on its way.
                let silence = Some(self.connection.limits().silence).filter(|_| service != RECEIVE_PACK);
                self.agent.run(request.timeout_per_read(silence).build())
            }
        };
        sent.map_err(|error| self.explain(&error))
    }

    fn body(
        &self,
        response: Response<Body>,
        service: &str,
        question: &Question<'_>,
    ) -> Result<Body, GitError> {
        let what = if matches!(question, Question::List) { "advertisement" } else { "result" };
        let kind = text(response.headers(), "content-type").unwrap_or("nothing that says what it is");
        let plain = kind.split(';').next().unwrap_or_default().trim();
        if !plain.eq_ignore_ascii_case(&format!("application/x-{service}-{what}")) {
            let words = format!("it is no git server: it answers with {}", cut(kind));
            return Err(self.fault(ErrorKind::Protocol, &words));
        }
        Ok(response.into_body())
    }

    /// Takes the next way to log in.
    fn log_in(&self, headers: &HeaderMap) -> Result<(), GitError> {
        let takes_password =
            headers.get_all("www-authenticate").iter().any(|challenge| offers_basic(challenge.as_bytes()));
        let login = self.connection.next_login(takes_password)?;
        self.place().login = sensitive(login);
        Ok(())
    }

    /// Follows a redirect on the server itself: a repository that was renamed.
    fn redirect(&self, headers: &HeaderMap, service: &str) -> Result<(), GitError> {
        let mut place = self.place();
        let from = Url::parse(&place.base).ok();
        let path = list_path(service);
        let location = text(headers, "location").filter(|location| location.len() <= 8 * 1024);
        let to = from.as_ref().zip(location);
        let to =
            to.and_then(|(from, location)| Url::parse(&format!("{from}{path}")).ok()?.join(location).ok());
        let Some((from, to)) = from.zip(to) else {
            return Err(self.fault(ErrorKind::Protocol, "it redirects to nowhere"));
        };
        if from.origin() != to.origin() {
            let port = to.port().map_or_else(String::new, |port| format!(":{port}"));
            let other = format!("{}://{}{port}", to.scheme(), to.host_str().unwrap_or_default());
            let words = format!("it redirects to `{}`, and no login follows there", cut(&other));
            return Err(self.fault(ErrorKind::Protocol, &words));
        }
        let Some(base) = to.as_str().strip_suffix(&path) else {
            return Err(self.fault(ErrorKind::Protocol, "it redirects to no repository"));
        };
        base.clone_into(&mut place.base);
        Ok(())
    }

    fn refusal(&self, status: u16, headers: &HeaderMap) -> GitError {
        match status {
            403 | 407 => self.fault(ErrorKind::Auth, &format!("it answers {status}")),
            404 | 410 => self.fault(ErrorKind::NotFound, &format!("it answers {status}: no such repository")),
            301..=308 => {
                self.fault(ErrorKind::Protocol, &format!("it answers {status}, a redirect too many"))
            }
            429 | 503 => {
                let after = text(headers, "retry-after").filter(|after| after.len() < 40);
                let after =
                    after.map_or_else(String::new, |after| format!(", to be asked again after {after}"));
                self.fault(ErrorKind::Network, &format!("it answers {status}{after}"))
            }
            413 => self.fault(ErrorKind::Limit, "it answers 413: it takes nothing of this size"),
            400..=499 if ![408, 425].contains(&status) => {
                self.fault(ErrorKind::Protocol, &format!("it answers {status}"))
            }
            _ => self.fault(ErrorKind::Network, &format!("it answers {status}")),
        }
    }

    fn fault(&self, kind: ErrorKind, words: &str) -> GitError {
        GitError::new(kind, format!("`{}`: {words}", self.connection.url()))
    }

    /// What a failure of the client means.
    fn explain(&self, error: &ureq::Error) -> GitError {
        let limits = self.connection.limits();
        match error {
            ureq::Error::Timeout(ureq::Timeout::Global) => limits.out_of_time(),
            ureq::Error::Timeout(ureq::Timeout::PerRead | ureq::Timeout::PerWrite) => {
                let words = format!("it said nothing for {} s", limits.silence.as_secs());
                self.fault(ErrorKind::Network, &words)
            }
            ureq::Error::Io(inner) if inner.kind() == io::ErrorKind::PermissionDenied => {
                self.fault(ErrorKind::Refused, &inner.to_string())
            }
            ureq::Error::Protocol(_) | ureq::Error::LargeResponseHeader(..) => {
                self.fault(ErrorKind::Protocol, &format!("it answers with no HTTP: {error}"))
            }
            error => match tls::problem(error) {
                Some(words) => self.fault(ErrorKind::Untrusted, &words),
                None => self.fault(ErrorKind::Network, &format!("it can not be reached: {}", plain(error))),
            },
        }
    }
}

fn plain(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Io(inner) => inner.to_string(),
        error => error.to_string(),
    }
}

fn list_path(service: &str) -> String {
    format!("/info/refs?service={service}")
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

/// Whether a list of challenges (RFC 9110, 11.6.1) has one for a user and a password.
fn offers_basic(challenges: &[u8]) -> bool {
    challenges.split(|byte| *byte == b',').any(|challenge| {
        let challenge = challenge.trim_ascii_start();
        let kind = challenge.split(|byte| *byte == b' ').next().unwrap_or_default();
        kind.eq_ignore_ascii_case(b"basic")
    })
}

/// Reads an answer that nobody uses to its end, if that is near.
fn finish(response: Response<Body>) {
    io::copy(&mut response.into_body().into_reader().take(MOST_UNUSED), &mut io::sink()).ok();
}

/// As much of a server's word as belongs into a sentence.
fn cut(word: &str) -> String {
    word.chars().take(100).collect()
}

fn sensitive(login: String) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(login).ok()?;
    value.set_sensitive(true);
    Some(value)
}

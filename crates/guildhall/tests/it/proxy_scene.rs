//! What tests of the proxies arrange: an app's own server that the test answers by hand, and a browser by hand.

use crate::harness::Hall;
use guildhall_app::experience::NewExperience;
use guildhall_core::experience::ExperienceKind;
use guildhall_core::ids::{AppId, ExperienceId, Id, UserId};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// How long anything here may take before a test gives up on it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Waits for something, not for ever.
pub(crate) async fn soon<T>(waiting: impl Future<Output = T>) -> T {
    timeout(PATIENCE, waiting).await.expect("it happens in time")
}

/// An app's own server; every connection is handed to the test with the head of its first request.
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    asked: mpsc::UnboundedReceiver<Asked>,
}

/// A request that reached the app.
pub(crate) struct Asked {
    /// Request line and headers.
    pub(crate) head: String,
    /// What came of the body together with the head.
    pub(crate) rest: Vec<u8>,
    pub(crate) stream: TcpStream,
}

impl Upstream {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let (told, asked) = mpsc::unbounded_channel();
        // Ends with the test's runtime.
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let told = told.clone();
                tokio::spawn(async move {
                    if let Some(asked) = read_head(stream).await {
                        // Nobody may be interested any more.
                        let _ = told.send(asked);
                    }
                });
            }
        });
        Self { address, asked }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The next request that reaches the app.
    pub(crate) async fn next(&mut self) -> Asked {
        soon(self.asked.recv()).await.expect("the app runs")
    }

    /// Whether no request is waiting.
    pub(crate) fn is_left_alone(&mut self) -> bool {
        self.asked.try_recv().is_err()
    }
}

async fn read_head(mut stream: TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let rest = bytes.split_off(end + 4);
            return Some(Asked { head: String::from_utf8_lossy(&bytes).into_owned(), rest, stream });
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}

impl Asked {
    pub(crate) fn request_line(&self) -> &str {
        self.head.lines().next().expect("a line")
    }

    /// The values of a header, by its name in small letters.
    pub(crate) fn values(&self, name: &str) -> Vec<&str> {
        values(&self.head, name)
    }

    /// Answers, and hangs up.
    pub(crate) async fn answer(mut self, bytes: &str) {
        self.stream.write_all(bytes.as_bytes()).await.expect("it is heard");
        // Whether the other side has hung up already does not matter.
        let _ = self.stream.shutdown().await;
    }

    /// Answers 200 with a text.
    pub(crate) async fn answer_text(self, text: &str) {
        let length = text.len();
        self.answer(&format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{text}")).await;
    }

    /// What else comes, up to these bytes.
    pub(crate) async fn read_until(&mut self, end: &str) -> String {
        let mut bytes = std::mem::take(&mut self.rest);
        read_until(&mut self.stream, &mut bytes, end).await
    }
}

/// Reads until the text ends with these words.
pub(crate) async fn read_until(stream: &mut TcpStream, bytes: &mut Vec<u8>, end: &str) -> String {
    while !bytes.ends_with(end.as_bytes()) {
        let read = soon(stream.read_buf(bytes)).await.expect("it can be read");
        assert!(read > 0, "ended with {:?}", String::from_utf8_lossy(bytes));
    }
    String::from_utf8_lossy(bytes).into_owned()
}

pub(crate) fn values<'a>(head: &'a str, name: &str) -> Vec<&'a str> {
    let lines = head.lines().skip(1).take_while(|line| !line.is_empty());
    let pairs = lines.filter_map(|line| line.split_once(':'));
    pairs.filter(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).collect()
}

/// What a raw request was answered.
#[derive(Debug)]
pub(crate) struct Raw(pub(crate) String);

impl Raw {
    pub(crate) fn status(&self) -> u16 {
        let code = self.0.split(' ').nth(1).and_then(|code| code.parse().ok());
        code.unwrap_or_else(|| panic!("no answer: {:?}", self.0))
    }

    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        values(&self.0, name).first().copied()
    }

    pub(crate) fn body(&self) -> &str {
        self.0.split_once("\r\n\r\n").map_or("", |(_, body)| body)
    }
}

/// Sends bytes and reads until the server hangs up.
pub(crate) async fn send(address: SocketAddr, bytes: &[u8]) -> Raw {
    let mut stream = TcpStream::connect(address).await.expect("connected");
    stream.write_all(bytes).await.expect("sent");
    let mut answer = Vec::new();
    // A reset after the answer is an end as well.
    let _ = soon(stream.read_to_end(&mut answer)).await;
    Raw(String::from_utf8_lossy(&answer).into_owned())
}

/// A hall, an app with a server of its own, and an experience of it that customers may see.
pub(crate) struct Stage {
    pub(crate) hall: Hall,
    pub(crate) upstream: Upstream,
    pub(crate) app: AppId,
    pub(crate) experience: ExperienceId,
}

impl Stage {
    pub(crate) async fn set() -> Self {
        Self::set_in(Hall::open().await, "").await
    }

    /// The same in a hall, with a base URL that goes on after the address.
    pub(crate) async fn set_in(hall: Hall, base: &str) -> Self {
        let upstream = Upstream::start().await;
        let (app, experience) = add_app(&hall, &format!("{}{base}", upstream.url())).await;
        Self { hall, upstream, app, experience }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.hall.running.address
    }

    /// The host and port of the app's origin.
    pub(crate) fn authority(&self) -> String {
        authority(&self.hall, &self.app)
    }

    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.authority())
    }

    /// Asks the app's origin; `headers` end each with a line break.
    pub(crate) fn ask(&self, line: &str, headers: &str) -> impl Future<Output = Raw> + Send + use<> {
        let (address, authority) = (self.address(), self.authority());
        let text = format!("{line} HTTP/1.1\r\nHost: {authority}\r\n{headers}Connection: close\r\n\r\n");
        async move { send(address, text.as_bytes()).await }
    }

    /// Asks a page of the hub.
    pub(crate) async fn hub(&self, path: &str, cookie: &str) -> Raw {
        let text = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n",
            self.address()
        );
        send(self.address(), text.as_bytes()).await
    }

    /// The hub's cookie of somebody who signed in.
    pub(crate) async fn signed_in(&self, user: &UserId) -> String {
        let user = user.clone();
        let token = self.hall.found(move |founder| founder.session(&user)).await;
        format!("guildhall_session={token}")
    }

    /// The address of the frame on the page of the app's experience.
    pub(crate) async fn frame(&self, cookie: &str) -> String {
        let page = self.hub(&format!("/experiences/{}", self.experience), cookie).await;
        assert_eq!(page.status(), 200, "{page:?}");
        framed(&page).strip_prefix(&self.origin()).expect("on the app's origin").to_owned()
    }

    /// Goes where a frame leads, as a browser does; answers the app's cookie.
    pub(crate) async fn enter(&self, target: &str) -> String {
        let entered = self.ask(&format!("GET {target}"), &self.referred_by_hub()).await;
        assert_eq!(entered.status(), 303, "{entered:?}");
        let cookie = entered.value("set-cookie").expect("a cookie");
        cookie.split(';').next().expect("a pair").to_owned()
    }

    /// What a browser says of where it comes from.
    pub(crate) fn referred_by_hub(&self) -> String {
        format!("Referer: {}/\r\n", self.hall.running.origin)
    }

    /// The app's cookie of somebody who looks at it.
    pub(crate) async fn looking(&self, user: &UserId) -> String {
        let frame = self.frame(&self.signed_in(user).await).await;
        self.enter(&frame).await
    }
}

/// The address of the frame on a page.
pub(crate) fn framed(page: &Raw) -> String {
    let (_, rest) = page.0.split_once(" src=\"").unwrap_or_else(|| panic!("no frame: {page:?}"));
    rest.split('"').next().expect("an address").replace("&amp;", "&").replace("&#38;", "&")
}

pub(crate) fn authority(hall: &Hall, app: &AppId) -> String {
    format!("{}.apps.localhost:{}", app.as_str().to_lowercase(), hall.running.address.port())
}

/// An app of the demo's company with an experience on the free pass.
pub(crate) async fn add_app(hall: &Hall, base_url: &str) -> (AppId, ExperienceId) {
    let (world, base_url) = (hall.world.clone(), base_url.to_owned());
    hall.found(move |founder| {
        let app = founder.app(&world.company, "Notes <app>", Some(&base_url))?;
        let new = NewExperience {
            company: world.company.clone(),
            app: app.clone(),
            kind: ExperienceKind::App,
            name: "Notes & <more>".into(),
            description: None,
            expires_at: None,
        };
        let experience = founder.experience(&new, &[&world.access_pass], None)?;
        Ok((app, experience))
    })
    .await
}

//! Proxies: their configuration, which is filled in, and their processes.

use crate::Failure;
use crate::pair::Setting;
use crate::program::Program;
use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// A proxy that can be placed between a client and a server.
#[derive(Debug)]
pub struct Proxy {
    /// The name of its program, and what the table calls it.
    pub name: &'static str,
    /// Whether it passes WebSockets on that begin in HTTP/2 (RFC 8441).
    pub http2: bool,
    configuration: &'static str,
    /// The program's arguments, of which the last is the configuration.
    arguments: &'static [&'static str],
}

/// The proxies, in the order of the table.
pub const PROXIES: &[Proxy] = &[
    Proxy {
        name: "nginx",
        http2: false,
        configuration: include_str!("../proxies/nginx.conf"),
        arguments: &["-e", "stderr", "-c"],
    },
    Proxy {
        name: "haproxy",
        http2: true,
        configuration: include_str!("../proxies/haproxy.cfg"),
        arguments: &["-db", "-f"],
    },
    Proxy {
        name: "apache",
        http2: false,
        configuration: include_str!("../proxies/apache.conf"),
        arguments: &["-D", "FOREGROUND", "-f"],
    },
];

/// The ports of the servers behind a proxy.
#[derive(Clone, Copy, Debug)]
pub struct Servers {
    /// A server on bareframe-std.
    pub own: u16,
    /// Another server.
    pub foreign: u16,
}

/// A proxy that runs, until it is dropped. It passes on what comes to `/`, and:
///
/// - to `/foreign/`: to the other server;
/// - to `/without-upgrade/`: without `Upgrade`;
/// - to `/unavailable/`: to a port on which nothing listens.
#[derive(Debug)]
pub struct RunningProxy {
    /// The port for TCP.
    pub plain: u16,
    /// The port for TLS.
    pub secure: u16,
    /// The port for connections that end when nothing was sent for [`IDLE_TIMEOUT`].
    pub idle: u16,
    _program: Program,
}

/// How long a connection to the port for it may be idle, as the configurations have it.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(2);

impl Proxy {
    /// Returns its version.
    ///
    /// # Errors
    ///
    /// If its program does not print it.
    pub fn version(&self, setting: &Setting) -> Result<String, Failure> {
        let output = setting.command(self.name).arg("-v").output()?;
        let printed = [output.stdout, output.stderr].concat();
        String::from_utf8_lossy(&printed)
            .split(|c: char| c.is_ascii_whitespace() || c == '/' || c == '-')
            .find(|word| word.starts_with(|c: char| c.is_ascii_digit()))
            .map(str::to_owned)
            .ok_or_else(|| format!("{} prints no version", self.name).into())
    }

    /// Starts it, and waits until it listens.
    ///
    /// # Errors
    ///
    /// An error of the system or of its program, whose output is in `directory`.
    pub fn start(
        &self,
        setting: &Setting,
        directory: &Path,
        servers: Servers,
    ) -> Result<RunningProxy, Failure> {
        let directory = directory.join(self.name);
        fs::create_dir_all(&directory)?;
        let ports = free_ports::<4>()?;
        let configuration = self.fill_in(setting, &directory, servers, ports)?;
        let log = directory.join("output.log");
        let mut command: Command = setting.command(self.name);
        command
            .args(self.arguments)
            .arg(configuration)
            .stderr(File::create(&log)?);
        let mut program = Program::start(self.name, &mut command)?;
        let [plain, secure, idle, _] = ports;
        for port in [plain, secure, idle] {
            program
                .listens(port)
                .map_err(|failure| format!("{failure}; see {}", log.display()))?;
        }
        Ok(RunningProxy {
            plain,
            secure,
            idle,
            _program: program,
        })
    }

    fn fill_in(
        &self,
        setting: &Setting,
        directory: &Path,
        servers: Servers,
        [plain, secure, idle, closed]: [u16; 4],
    ) -> Result<PathBuf, Failure> {
        let tls = &setting.tls;
        // HAProxy reads the certificate and the key from one file.
        let pair = directory.join("pair.pem");
        fs::write(&pair, [fs::read(&tls.certificate)?, fs::read(&tls.key)?].concat())?;
        let text = |path: &Path| path.display().to_string();
        let words = [
            ("DIRECTORY", text(directory)),
            ("CERTIFICATE", text(&tls.certificate)),
            ("KEY", text(&tls.key)),
            ("PAIR", text(&pair)),
            ("MODULES", "/usr/lib/apache2/modules".to_owned()),
            ("PLAIN", plain.to_string()),
            ("SECURE", secure.to_string()),
            ("IDLE", idle.to_string()),
            ("CLOSED", closed.to_string()),
            ("OWN", servers.own.to_string()),
            ("FOREIGN", servers.foreign.to_string()),
        ];
        let mut filled = self.configuration.to_owned();
        for (word, value) in words {
            filled = filled.replace(&format!("@{word}@"), &value);
        }
        let configuration = directory.join("configuration");
        fs::write(&configuration, filled)?;
        Ok(configuration)
    }
}

/// Returns ports of 127.0.0.1 on which nothing listens.
///
/// # Errors
///
/// Returns the system's error.
pub fn free_ports<const N: usize>() -> Result<[u16; N], Failure> {
    // All are taken at once, so that no two are the same.
    let listeners = [(); N].map(|()| TcpListener::bind("127.0.0.1:0"));
    let mut ports = [0; N];
    for (port, listener) in ports.iter_mut().zip(listeners) {
        *port = listener?.local_addr()?.port();
    }
    Ok(ports)
}

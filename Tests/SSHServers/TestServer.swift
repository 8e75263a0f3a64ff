import Glibc
package import Remote
package import SecureShell
package import SystemCalls
import TestSupport

/// A real SSH server on loopback with keys of its own, for one test. It sees a client key named
/// `client` in its folder.
package final class TestServer: Sendable {
    package enum Kind: String, CaseIterable, Sendable {
        case openSSH
        case dropbear
    }

    package let kind: Kind
    package let folder: String
    package let address: SocketAddress
    package let hostKey: HostKey
    private let ports: FreePorts
    private let process: ChildProcess

    package static let user =
        Shell.run("id -un").output.split(separator: "\n").first.map(String.init) ?? ""

    /// With `hostKeyKind` in the words of `ssh-keygen -t`. `options` are lines of sshd's
    /// configuration, or arguments of dropbear.
    package init(
        _ kind: Kind = .openSSH, hostKeyKind: String = "ed25519", options: [String] = []
    ) throws {
        self.kind = kind
        folder = try FileSystem.makeTemporaryFolder(prefix: "allocdb-ssh")
        ports = try FreePorts(1)
        address = .loopback(port: ports.numbers[0])
        try TestKeys.make(Path.join(folder, "client"))
        try FileSystem.write(
            FileSystem.read(Path.join(folder, "client.pub"), limit: 10000),
            to: Path.join(folder, "authorized_keys"))
        switch kind {
        case .openSSH:
            (process, hostKey) = try Self.startOpenSSH(folder, address, hostKeyKind, options)
        case .dropbear: (process, hostKey) = try Self.startDropbear(folder, address, options)
        }
        let limit = Deadline.after(.seconds(20))
        while (try? TCPConnection.connect(to: address, until: .after(.seconds(5)))) == nil {
            guard !limit.isPassed, try process.poll() == nil else {
                throw Failure(description: "\(kind) does not start: \(log)")
            }
            sleepThread(for: .milliseconds(5))
        }
    }

    package struct Failure: Error, CustomStringConvertible {
        package let description: String

        package init(description: String) { self.description = description }
    }

    deinit {
        kill()
        try? FileSystem.removeTree(folder)
    }

    /// The server and everything that serves its connections end at once.
    package func kill() {
        _ = try? process.killAndWait()
    }

    package var log: String {
        let bytes = try? FileSystem.read(Path.join(folder, "log"), limit: 10 << 20)
        return String(decoding: bytes ?? [], as: UTF8.self)
    }

    /// Lets the owner of a key in (OpenSSH).
    package func authorize(_ key: String) throws {
        let file = try FileSystem.open(Path.join(folder, "authorized_keys"), .append)
        try file.writeAll(FileSystem.read(key + ".pub", limit: 10000))
    }

    package var clientKey: String { Path.join(folder, "client") }

    /// How it is reached; `change` makes it wrong.
    package func configuration(
        route: SSHConfiguration.Route? = nil,
        _ change: (inout SSHConfiguration) -> Void = { _ in }
    ) -> SSHConfiguration {
        var configuration = SSHConfiguration(
            user: Self.user, route: route ?? .direct(address), hostKey: hostKey,
            identities: [.file(path: clientKey, passphrase: nil)])
        change(&configuration)
        return configuration
    }

    private static func startOpenSSH(
        _ folder: String, _ address: SocketAddress, _ keyKind: String, _ options: [String]
    ) throws -> (ChildProcess, HostKey) {
        let key = Path.join(folder, "host")
        try TestKeys.make(key, kind: keyKind)
        // Where sshd drops its privileges to, when it has any; the package makes it at boot.
        if getuid() == 0 { try FileSystem.createFolders("/run/sshd") }
        let lines =
            options + [
                "ListenAddress 127.0.0.1", "Port \(address.port)", "HostKey \(key)",
                "AuthorizedKeysFile \(folder)/authorized_keys", "PidFile none", "UsePAM no",
                "StrictModes no", "PermitRootLogin yes", "PasswordAuthentication no",
                "KbdInteractiveAuthentication no", "LogLevel VERBOSE",
                // Keeps bash from reading the profile of whoever runs the tests.
                "SetEnv SHLVL=1",
            ]
        let file = Path.join(folder, "sshd_config")
        try FileSystem.write(Array((lines.joined(separator: "\n") + "\n").utf8), to: file)
        let log = try FileSystem.open(Path.join(folder, "log"), .append)
        let process = try ChildProcess(
            executable: "/usr/sbin/sshd", arguments: ["-D", "-e", "-f", file],
            output: .descriptor(log), error: .descriptor(log))
        return (process, try TestKeys.publicKey(key))
    }

    /// Dropbear takes keys from the user's home alone, so it sees another folder there.
    private static func startDropbear(
        _ folder: String, _ address: SocketAddress, _ options: [String]
    ) throws -> (ChildProcess, HostKey) {
        let key = Path.join(folder, "host")
        let made = Shell.run("dropbearkey -t ed25519 -f \(key) 2>/dev/null").output
        let line = made.split(separator: "\n").first { $0.hasPrefix("ssh-ed25519") } ?? ""
        guard let hostKey = HostKey(String(line)) else {
            throw Failure(description: "dropbearkey says \(made)")
        }
        let home = Path.join(folder, "home")
        try FileSystem.createFolders(Path.join(home, ".ssh"))
        try FileSystem.write(
            FileSystem.read(Path.join(folder, "client.pub"), limit: 10000),
            to: Path.join(home, ".ssh/authorized_keys"))
        let log = try FileSystem.open(Path.join(folder, "log"), .append)
        let namespaces =
            getuid() == 0
            ? ["--mount"] : ["--user", "--map-current-user", "--keep-caps", "--mount"]
        let program =
            "mount --bind \(home) \"$(getent passwd \(user) | cut -d: -f6)\" && SHLVL=1 exec dropbear -e "
            + "-F -E -p \(address) -r \(key) -P \(folder)/pid -W 1048576 "
            + options.joined(separator: " ")
        let process = try ChildProcess(
            executable: "unshare", arguments: namespaces + ["sh", "-c", program],
            output: .descriptor(log), error: .descriptor(log))
        return (process, hostKey)
    }
}

/// Keys made by ssh-keygen.
package enum TestKeys {
    package static func make(_ path: String, kind: String = "ed25519", passphrase: String = "")
        throws
    {
        // An encrypted key is as strong as its rounds are many; one is enough here.
        let result = Shell.run(
            "ssh-keygen -q -t \(kind) -a 1 -N '\(passphrase)' -C test -f \(path) 2>&1")
        guard result.status == 0 else { throw TestServer.Failure(description: result.output) }
    }

    package static func publicKey(_ path: String) throws -> HostKey {
        let text = try FileSystem.read(path + ".pub", limit: 10000)
        guard let key = HostKey(String(decoding: text, as: UTF8.self)) else {
            throw TestServer.Failure(description: "no public key in \(path).pub")
        }
        return key
    }
}

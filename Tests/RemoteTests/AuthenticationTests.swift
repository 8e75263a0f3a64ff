import Remote
import SSHServers
import SecureShell
import SystemCalls
import TestSupport
import Testing

extension RemoteSuites {
    @Suite("who we are to a server")
    struct AuthenticationTests {
        @Test(
            "Ed25519 and ECDSA keys let us in, encrypted or not",
            arguments: ["ed25519", "ecdsa -b 256", "ecdsa -b 384", "ecdsa -b 521"])
        func kinds(kind: String) async throws {
            try await onOwnThread {
                let server = try TestServer()
                for passphrase in ["", "open sesame"] {
                    let key = Path.join(server.folder, "key\(passphrase.count)")
                    try TestKeys.make(key, kind: kind, passphrase: passphrase)
                    try server.authorize(key)
                    let remote = SSHRemote(
                        server.configuration {
                            $0.identities = [
                                .file(path: key, passphrase: passphrase.isEmpty ? nil : passphrase)
                            ]
                        })
                    defer { remote.close() }
                    try remote.connect(until: soon())
                }
            }
        }

        @Test("a key that cannot be used is named, with the reason and what to do")
        func unusable() async throws {
            try await onOwnThread {
                let server = try TestServer()
                let encrypted = Path.join(server.folder, "encrypted")
                try TestKeys.make(encrypted, passphrase: "open sesame")
                let rsa = Path.join(server.folder, "rsa")
                try TestKeys.make(rsa, kind: "rsa -b 2048")
                let oldRSA = Path.join(server.folder, "old-rsa")
                try TestKeys.make(oldRSA, kind: "rsa -b 2048 -m PEM")
                let cases: [(String, String?, RemoteError.IdentityProblem)] = [
                    (encrypted, nil, .encrypted), (encrypted, "wrong", .wrongPassphrase),
                    (rsa, nil, .rsa), (oldRSA, nil, .rsa), (rsa + ".pub", nil, .notAKey),
                    (
                        "/missing", nil,
                        .unreadable(SystemError(call: "open", code: 2, subject: "/missing"))
                    ),
                ]
                for (path, passphrase, problem) in cases {
                    let remote = SSHRemote(
                        server.configuration {
                            $0.identities = [.file(path: path, passphrase: passphrase)]
                        })
                    defer { remote.close() }
                    let error = #expect(throws: RemoteError.self) {
                        try remote.execute("true", until: soon())
                    }
                    #expect(error?.cause == .identity(path: path, problem))
                    #expect(error?.mayHaveHappened == false)
                }
            }
        }

        @Test("a key the server does not know is refused", arguments: TestServer.Kind.allCases)
        func unknown(kind: TestServer.Kind) async throws {
            try await onOwnThread {
                let server = try TestServer(kind)
                let other = Path.join(server.folder, "other")
                try TestKeys.make(other)
                let remote = SSHRemote(
                    server.configuration { $0.identities = [.file(path: other, passphrase: nil)] })
                defer { remote.close() }
                let error = #expect(throws: RemoteError.self) {
                    try remote.execute("true", until: soon())
                }
                guard case .notAuthenticated(_, [other], let accepted) = error?.cause else {
                    Issue.record("\(String(describing: error))")
                    return
                }
                #expect(accepted.contains("publickey"))
                #expect(error?.description.contains("authorized_keys") == true)
                // The right one after the wrong one does.
                let both = SSHRemote(
                    server.configuration {
                        $0.identities.insert(.file(path: other, passphrase: nil), at: 0)
                    })
                defer { both.close() }
                try both.connect(until: soon())
            }
        }

        @Test("an agent's keys let us in; one without usable keys is named")
        func agent() async throws {
            try await onOwnThread {
                let server = try TestServer()
                let socket = Path.join(server.folder, "agent")
                let agent = try ChildProcess(
                    executable: "ssh-agent", arguments: ["-D", "-a", socket])
                defer { _ = try? agent.killAndWait() }
                let limit = soon()
                while !FileSystem.exists(socket), !limit.isPassed {
                    sleepThread(for: .milliseconds(5))
                }
                let configuration = server.configuration {
                    $0.identities = [.agent(socket: socket)]
                }
                let complaint = { () -> RemoteError? in
                    let remote = SSHRemote(configuration)
                    defer { remote.close() }
                    return #expect(throws: RemoteError.self) { try remote.connect(until: soon()) }
                }
                #expect(complaint()?.cause == .agent("it holds no key"))
                let rsa = Path.join(server.folder, "rsa")
                try TestKeys.make(rsa, kind: "rsa -b 2048")
                let add = "SSH_AUTH_SOCK=\(socket) ssh-add -q"
                #expect(Shell.run("\(add) \(rsa) 2>&1").status == 0)
                #expect(
                    complaint()?.cause == .agent("it holds keys of unusable kinds only: ssh-rsa"))
                #expect(Shell.run("\(add) \(server.clientKey) 2>&1").status == 0)
                let remote = SSHRemote(configuration)
                defer { remote.close() }
                try remote.connect(until: soon())
                _ = try agent.killAndWait()
                #expect(complaint()?.description.contains("ssh-add") == true)
            }
        }

        @Test("a server that runs something else than a shell is no machine to work on")
        func noShell() async throws {
            try await onOwnThread {
                let server = try TestServer(options: ["ForceCommand echo not available"])
                let remote = SSHRemote(server.configuration())
                defer { remote.close() }
                let error = #expect(throws: RemoteError.self) { try remote.connect(until: soon()) }
                #expect(error?.cause == .noShell(seen: "not available"))
            }
        }
    }
}

import Remote
import SSHServers
import SecureShell
import SystemCalls
import TestSupport
import Testing

extension RemoteSuites {
    @Suite("the server's key")
    struct HostKeyTests {
        @Test("a key is read, shown again, and known by the fingerprint of ssh-keygen")
        func text() throws {
            try withTemporaryFolder { folder in
                for kind in ["ed25519", "ecdsa"] {
                    let path = Path.join(folder, kind)
                    try TestKeys.make(path, kind: kind)
                    let key = try TestKeys.publicKey(path)
                    #expect(HostKey(key.description) == key)
                    #expect(HostKey.kinds.contains(key.kind))
                    let shown = Shell.run("ssh-keygen -l -f \(path).pub").output
                    #expect(shown.split(separator: " ")[1] == key.fingerprint)
                }
            }
            for wrong in [
                "", "ssh-ed25519", "ssh-ed25519 AAAA", "ssh-rsa AAAAC3NzaC1lZDI1NTE5", "x y z",
            ] {
                #expect(HostKey(wrong) == nil)
            }
        }

        @Test("it can be asked for when a machine is prepared", arguments: TestServer.Kind.allCases)
        func survey(kind: TestServer.Kind) async throws {
            try await onOwnThread {
                let server = try TestServer(kind)
                #expect(try SSHRemote.hostKey(at: server.address, until: soon()) == server.hostKey)
            }
        }

        @Test(
            "a server with another key than the pinned one is told nothing",
            arguments: TestServer.Kind.allCases)
        func changed(kind: TestServer.Kind) async throws {
            try await onOwnThread {
                let server = try TestServer(kind)
                let other = Path.join(server.folder, "other")
                try TestKeys.make(other)
                let pinned = try TestKeys.publicKey(other)
                let remote = SSHRemote(server.configuration { $0.hostKey = pinned })
                defer { remote.close() }
                let error = #expect(throws: RemoteError.self) {
                    try remote.execute("true", until: soon())
                }
                #expect(error?.cause == .hostKeyChanged(pinned: pinned, seen: server.hostKey))
                #expect(error?.mayHaveHappened == false)
                for part in [pinned.fingerprint, server.hostKey.fingerprint, "prepare it again"] {
                    #expect(error?.description.contains(part) == true)
                }
                #expect(!server.log.contains("Accepted"))
                #expect(!server.log.contains("auth succeeded"))
            }
        }

        @Test("a server that no longer has a key of the pinned kind is refused")
        func otherKind() async throws {
            try await onOwnThread {
                let server = try TestServer(hostKeyKind: "ecdsa")
                let other = Path.join(server.folder, "other")
                try TestKeys.make(other)
                let pinned = try TestKeys.publicKey(other)
                let remote = SSHRemote(server.configuration { $0.hostKey = pinned })
                defer { remote.close() }
                let error = #expect(throws: RemoteError.self) { try remote.connect(until: soon()) }
                #expect(
                    error?.cause
                        == .noCommonAlgorithm(
                            "host key algorithm", ours: ["ssh-ed25519"],
                            theirs: ["ecdsa-sha2-nistp256"]))
            }
        }

        @Test("an ECDSA host key is taken", arguments: ["256", "384", "521"])
        func ecdsa(bits: String) async throws {
            try await onOwnThread {
                let server = try TestServer(hostKeyKind: "ecdsa -b \(bits)")
                let remote = SSHRemote(server.configuration())
                defer { remote.close() }
                try remote.connect(until: soon())
            }
        }

        @Test("a server with an RSA key alone cannot be used, and the error says what to do")
        func rsa() async throws {
            try await onOwnThread {
                let server = try TestServer(hostKeyKind: "rsa -b 2048")
                let error = #expect(throws: RemoteError.self) {
                    try SSHRemote.hostKey(at: server.address, until: soon())
                }
                #expect(error?.description.contains("ssh-keygen -t ed25519") == true)
            }
        }
    }
}

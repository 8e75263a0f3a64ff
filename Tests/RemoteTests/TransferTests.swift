import Remote
import SSHServers
import SystemCalls
import TestSupport
import Testing

extension RemoteSuites {
    @Suite("files to and from another machine")
    struct TransferTests {
        @Test(
            "a file arrives as it was, with its permissions, and comes back",
            arguments: TestServer.Kind.allCases)
        func both(kind: TestServer.Kind) async throws {
            try await onOwnThread {
                let server = try TestServer(kind)
                let remote = SSHRemote(server.configuration())
                defer { remote.close() }
                try Self.copiesFiles(remote, in: server.folder)
            }
        }

        static func hasPart(of path: String) -> Bool {
            let names = try? FileSystem.list(Path.parent(of: path) ?? ".")
            let part = Path.lastComponent(of: path) + ".part"
            return names?.contains { $0.hasPrefix(part) } == true
        }

        @Test("so it does on this machine")
        func local() async throws {
            try await onOwnThread {
                try withTemporaryFolder { try Self.copiesFiles(LocalRemote(), in: $0) }
            }
        }

        static func copiesFiles(_ remote: any Remote, in folder: String) throws {
            for count in [0, 1, 100_000, 5_000_000] {
                let bytes = testBytes(count)
                let source = Path.join(folder, "source")
                let there = Path.join(folder, "it's there")
                let back = Path.join(folder, "back")
                try FileSystem.write(bytes, to: source)
                try remote.upload(source, to: there, permissions: 0o750, until: soon())
                #expect(try FileSystem.facts(there)?.permissions == 0o750)
                try remote.download(there, to: back, until: soon())
                #expect(try FileSystem.read(back, limit: 10 << 20) == bytes)
                for path in [there, back] { #expect(!hasPart(of: path)) }
            }
        }

        @Test("what is not there, or has no room, is named in the error")
        func failures() async throws {
            try await onOwnThread {
                let server = try TestServer()
                let remote = SSHRemote(server.configuration())
                defer { remote.close() }
                let missing = server.folder + "/missing"
                let target = server.folder + "/target"
                let down = #expect(throws: RemoteError.self) {
                    try remote.download(missing, to: target, until: soon())
                }
                #expect(down?.description.contains(missing) == true)
                #expect(!FileSystem.exists(target))
                #expect(!FileSystem.exists(target + ".part"))
                try FileSystem.write([1, 2, 3], to: target)
                let up = #expect(throws: RemoteError.self) {
                    try remote.upload(
                        target, to: missing + "/file", permissions: 0o644, until: soon())
                }
                guard case .transfer = up?.cause else {
                    Issue.record("\(String(describing: up))")
                    return
                }
            }
        }

        @Test("an old file stays until the new one is whole")
        func atomic() async throws {
            try await onOwnThread {
                let server = try TestServer()
                let relay = try CutRelay(to: server.address)
                let remote = SSHRemote(server.configuration(route: .direct(relay.address)))
                defer { remote.close() }
                try remote.connect(until: soon())
                let source = server.folder + "/source"
                let target = server.folder + "/target"
                try FileSystem.write([UInt8](repeating: 1, count: 30_000_000), to: source)
                try FileSystem.write([7], to: target)
                let cutter = try WorkerThread(name: "cutter") {
                    while !Self.hasPart(of: target) {
                        sleepThread(for: .milliseconds(1))
                    }
                    relay.cut()
                }
                let error = #expect(throws: RemoteError.self) {
                    try remote.upload(source, to: target, permissions: 0o644, until: soon())
                }
                cutter.join()
                guard case .lost = error?.cause else {
                    Issue.record("\(String(describing: error))")
                    return
                }
                #expect(try FileSystem.read(target, limit: 10) == [7])
                // What was cut off cleans up behind itself.
                let limit = soon()
                while Self.hasPart(of: target), !limit.isPassed {
                    sleepThread(for: .milliseconds(5))
                }
                #expect(!Self.hasPart(of: target))
                // The next one finds the machine again.
                try remote.upload(source, to: target, permissions: 0o644, until: soon())
                #expect(try FileSystem.facts(target)?.size == 30_000_000)
            }
        }
    }
}

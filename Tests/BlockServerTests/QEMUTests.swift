import FaultyDisk
import SystemCalls
import TestSupport
import Testing

@testable import BlockServer

/// The clients that the device is made for.
@Suite("QEMU's own tools on a block device")
struct QEMUTests {
    private static func location(_ server: BlockServer) -> String {
        "'nbd+unix:///\(BlockServer.exportName)?socket=\(server.socketPath)'"
    }

    /// Runs commands of qemu-io; what it prints, errors included.
    private static func io(
        _ server: BlockServer, _ commands: [String], isKilled: Bool = false
    ) -> Shell.Result {
        // Whoever ends in good order flushes; `abort` does not, also not what it printed.
        let words = (commands + (isKilled ? ["abort"] : [])).map { "-c '\($0)'" }
        return Shell.run(
            "ulimit -c 0; stdbuf -o0 qemu-io -f raw -t writeback \(words.joined(separator: " ")) "
                + "\(location(server)) 2>&1")
    }

    @Test("qemu-img sees the disk as it is")
    func info() throws {
        try BlockServer.with(size: 48 << 20) { server in
            let info = Shell.run("qemu-img info --output=json \(Self.location(server))")
            #expect(info.status == 0)
            let value = try JSONValue(text: info.output)
            #expect(value["virtual-size"].integer(Int.self) == 48 << 20)
            #expect(value["format"].string == "raw")
            #expect(server.complaints.isEmpty)
        }
    }

    @Test("an image copied to the disk and back is the same")
    func convert() throws {
        try BlockServer.with(size: 8 << 20) { server in
            let folder = try #require(Path.parent(of: server.disk.path))
            let source = Path.join(folder, "source")
            let back = Path.join(folder, "back")
            let steps = [
                "head -c 3000000 /dev/urandom > \(source) && truncate -s 8M \(source)",
                "qemu-img convert -n -f raw -O raw \(source) \(Self.location(server))",
                "qemu-img compare -f raw -F raw \(source) \(Self.location(server))",
                "qemu-img convert -f raw -O raw \(Self.location(server)) \(back)",
                "cmp \(source) \(back)",
            ]
            for step in steps {
                let result = Shell.run(step + " 2>&1")
                #expect(result.status == 0, "\(step): \(result.output)")
            }
            try server.disk.flush()
            #expect(Shell.run("cmp \(source) \(server.disk.path)").status == 0)
        }
    }

    @Test("what was flushed survives a power cut, what was not is lost; durable writes survive")
    func powerCut() throws {
        try BlockServer.with { server in
            let written = Self.io(
                server,
                ["write -P 1 0 64k", "flush", "write -P 2 0 32k", "write -f -P 3 64k 4k"],
                isKilled: true)
            #expect(written.output.contains("wrote 4096/4096 bytes at offset 65536"))
            let report = try server.disk.cutPower(.nothing, seed: 1)
            #expect(report.lostWrites == 1 && report.lostBytes == 32 << 10)
            let read = Self.io(server, ["read -P 1 0 64k", "read -P 3 64k 4k", "read -P 0 68k 4k"])
            #expect(read.status == 0, "\(read.output)")
            #expect(!read.output.contains("verification failed"), "\(read.output)")
        }
    }

    @Test("a flush that lies loses what qemu-io believes to be safe")
    func lie() throws {
        try BlockServer.with { server in
            server.disk.switchOn(.syncLie, for: .seconds(60))
            let written = Self.io(server, ["write -P 1 0 64k", "flush"])
            #expect(written.status == 0)
            #expect(server.disk.state.touched[.syncLie] ?? 0 >= 1)
            _ = try server.disk.cutPower(.nothing, seed: 1)
            #expect(Self.io(server, ["read -P 0 0 64k"]).status == 0)
        }
    }

    /// A flush that fails is told by the status alone.
    private static let errors: [(DiskFault, command: String, words: String)] = [
        (.readError, "read 0 4k", "read failed: Input/output error"),
        (.writeError, "write 0 4k", "write failed: Input/output error"),
        (.full, "write 0 4k", "write failed: No space left on device"),
        (.syncError, "flush", ""),
    ]

    @Test("errors reach the client by their names, and are over when they are over")
    func errors() throws {
        for (fault, command, words) in Self.errors {
            try BlockServer.with { server in
                let commands = fault == .syncError ? ["write 0 4k", command] : [command]
                server.disk.switchOn(fault, for: .seconds(60))
                let failed = Self.io(server, commands)
                #expect(failed.status == 1, "\(fault)")
                #expect(words.isEmpty || failed.output.contains(words), "\(failed.output)")
                #expect(server.disk.state.touched[fault] ?? 0 >= 1)
                server.disk.switchOff(fault)
                let fine = Self.io(server, commands)
                #expect(fine.status == 0, "\(fault): \(fine.output)")
            }
        }
    }

    @Test("a stalled write holds the client until it ends")
    func stall() throws {
        try BlockServer.with { server in
            server.disk.switchOn(.writeStall, for: .seconds(60))
            let location = Self.location(server)
            let client = try ChildProcess(
                executable: "/bin/sh",
                arguments: [
                    "-c", "exec qemu-io -f raw -c 'write -P 1 0 4k' \(location) >/dev/null",
                ])
            try server.wait(for: "a waiting write") { server.disk.state.waiting == 1 }
            server.disk.switchAllOff()
            #expect(try client.wait(until: .after(.seconds(60))) == .exited(code: 0))
            #expect(server.disk.read(0..<4096)?.allSatisfy { $0 == 1 } == true)
        }
    }

    @Test("flipped bits are what the client reads")
    func flippedBits() throws {
        try BlockServer.with { server in
            #expect(Self.io(server, ["write -P 1 0 64k"]).status == 0)
            #expect(server.disk.flipBits(1, seed: 5) == 1)
            let wrong = Self.io(server, ["read -P 1 0 64k"])
            #expect(wrong.output.contains("Pattern verification failed"), "\(wrong.output)")
            #expect(server.disk.state.flippedReads >= 1)
            server.disk.healBits()
            #expect(!Self.io(server, ["read -P 1 0 64k"]).output.contains("failed"))
        }
    }
}

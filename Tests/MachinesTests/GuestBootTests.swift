import GuestAgent
import Machines
import SystemCalls
import TestSupport
import Testing

/// One guest with an empty disk, switched on and booted.
private func withGuest<Value>(_ body: (Guest, GuestChannel) throws -> Value) throws -> Value {
    try withTemporaryFolder { folder in
        let image = try TestImage.made.get()
        let choice = try AcceleratorChoice.make(for: image, in: .standard)
        let settings = GuestSettings(
            name: "guest", socketFolder: folder, diskPath: Path.join(folder, "disk"),
            logFolder: folder, address: "10.77.0.100/24",
            hardwareAddress: "02:00:00:00:00:64")
        let raw = Path.join(folder, "raw")
        let made = Shell.run(
            "mke2fs -q -t ext4 \(raw) 64M && qemu-img convert -O qcow2 \(raw) \(settings.diskPath)")
        #expect(made.status == 0)
        let guest = Guest(settings, image: image, accelerator: choice.accelerator)
        try guest.start { _ in }
        defer { try? guest.cutPower() }
        try guest.awaitBoot(until: .after(GuestBootTests.bootLimit))
        return try body(guest, try guest.channel())
    }
}

@Suite(
    "A guest",
    .enabled(if: TestImage.isPossible, "the tools that make guests are not here"), .serialized)
struct GuestBootTests {
    static let bootLimit = Duration.seconds(300)

    @Test("an accelerator that boots a kernel is told from one that does not")
    func proof() throws {
        let image = try TestImage.made.get()
        let choice = try AcceleratorChoice.make(for: image, in: .standard)
        // Whatever was chosen boots; and KVM is left aside only when it does not.
        #expect(
            try AcceleratorChoice.prove(choice.accelerator, image, limit: .seconds(120)) == .boots)
        if choice.accelerator == .tcg {
            #expect(try AcceleratorChoice.prove(.kvm, image) != .boots)
        }
        #expect(!choice.reason.contains("\n"))
        #expect(try AcceleratorChoice.make(for: image, in: .standard) == choice)
    }

    @Test("it does what it is told, and says how that ended")
    func commands() throws {
        try withGuest { guest, channel in
            #expect(try channel.run("hostname").outputText == "guest\n")
            let failed = try channel.run("echo out; echo err >&2; exit 3")
            #expect(failed.status == .exited(code: 3))
            #expect(failed.outputText == "out\n")
            #expect(failed.errorText == "err\n")
            #expect(try channel.run("kill -9 $$").status == .signaled(number: 9))
            #expect(
                try channel.run("sleep 600", limit: .milliseconds(300)).status
                    == .signaled(number: 9))
            let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 13) }
            try channel.write(bytes, to: "/var/lib/allocdb/file", permissions: 0o600)
            #expect(try channel.run("cat /var/lib/allocdb/file").output == bytes)
            // What a daemon of ours is linked to is there.
            for library in ["libc.so.6", "libm.so.6", "libgcc_s.so.1", "libstdc++.so.6"] {
                #expect(
                    try channel.run("test -s /lib/x86_64-linux-gnu/\(library)").status.isSuccess)
            }
            let error = #expect(throws: GuestError.self) {
                try channel.write([1], to: "/no/such/folder")
            }
            guard case .refused("guest", _, _) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            // A second switch is none.
            #expect(throws: GuestError.self) { try guest.start { _ in } }
        }
    }

    @Test("it is put back to what it was: memory, disk, and not its clock or its randomness")
    func snapshots() throws {
        try withGuest { guest, channel in
            _ = try channel.run(
                "echo before > /var/lib/allocdb/word; echo before > /run/word; sync")
            try guest.pause()
            try guest.saveSnapshot("clean")
            try guest.proceed()
            _ = try channel.run("echo after > /var/lib/allocdb/word; echo after > /run/word; sync")
            var seen: [[UInt8]] = []
            for round in 0..<3 {
                try guest.pause()
                try guest.loadSnapshot("clean")
                try guest.proceed()
                #expect(
                    try channel.run("cat /var/lib/allocdb/word /run/word").outputText
                        == "before\nbefore\n")
                // Without a new seed, it says what it said the last time.
                if round == 0 { seen.append(try channel.reseed()) }
                let (behind, _) = try channel.clockOffset()
                #expect(behind < .zero)
                try channel.setClock()
                let (offset, uncertainty) = try channel.clockOffset()
                #expect(offset < .milliseconds(500) + uncertainty)
                #expect(offset > .milliseconds(-500) - uncertainty)
                seen.append(try channel.reseed())
            }
            #expect(Set(seen).count == seen.count)
        }
    }

    @Test("its clock stands still when it is paused, and goes on when its machine is frozen")
    func time() throws {
        try withGuest { guest, channel in
            try channel.setClock()
            try guest.pause()
            #expect(try guest.machineState() == .paused)
            sleepThread(for: .seconds(2))
            try guest.proceed()
            #expect(try guest.machineState() == .running)
            let (paused, _) = try channel.clockOffset()
            #expect(paused < .milliseconds(-1500))
            try channel.setClock()
            try guest.freeze()
            #expect(guest.isFrozen)
            #expect(throws: GuestError.self) {
                try channel.ask(.clock, until: .after(.milliseconds(100)))
            }
            sleepThread(for: .seconds(2))
            try guest.thaw()
            let (frozen, uncertainty) = try channel.clockOffset()
            #expect(frozen > .milliseconds(-1000) - uncertainty)
        }
    }

    @Test("its memory and its disk can be made short, and are given back")
    func resources() throws {
        try withGuest { guest, channel in
            let full = try #require(try guest.memoryBytes())
            try guest.squeezeMemory(toMebibytes: 100)
            while try #require(try guest.memoryBytes()) > 110 << 20 {
                sleepThread(for: .milliseconds(20))
            }
            try guest.squeezeMemory(toMebibytes: nil)
            while try #require(try guest.memoryBytes()) < full {
                sleepThread(for: .milliseconds(20))
            }
            let sync = "cd /var/lib/allocdb; for i in 1 2 3; do echo $i > f$i; sync; done"
            try guest.throttleDisk(operationsPerSecond: 10)
            let start = Instant.now
            #expect(try channel.run(sync).status.isSuccess)
            // More than twenty operations, of which the first may pass at once.
            #expect(Instant.now - start > .seconds(1))
            try guest.throttleDisk(operationsPerSecond: nil)
            #expect(try channel.run(sync).status.isSuccess)
        }
    }

    @Test("after a panic, a reset and a power cut it boots, and its disk is as it was synced")
    func deaths() throws {
        try withGuest { guest, channel in
            #expect(
                try channel.run("echo kept > /var/lib/allocdb/word; sync").status.isSuccess)
            let deaths: [(Guest) throws -> Void] = [
                { try $0.panic() },
                { try $0.reset() },
                { guest in
                    try guest.cutPower()
                    #expect(!guest.isOn)
                    #expect(throws: GuestError.self) { try guest.channel() }
                    try guest.start { _ in }
                },
            ]
            for death in deaths {
                _ = try guest.channel().run("echo gone > /run/word")
                try death(guest)
                try guest.awaitBoot(until: .after(Self.bootLimit))
                let words = try guest.channel().run("cat /var/lib/allocdb/word /run/word")
                #expect(words.outputText == "kept\n")
            }
        }
    }

    @Test("a machine that cannot start says why")
    func startFailure() throws {
        try withTemporaryFolder { folder in
            let image = try TestImage.made.get()
            let settings = GuestSettings(
                name: "guest", socketFolder: folder, diskPath: Path.join(folder, "disk"),
                logFolder: folder, address: "10.77.0.1/24",
                hardwareAddress: "02:00:00:00:00:01")
            let guest = Guest(settings, image: image, accelerator: .tcg)
            let error = #expect(throws: GuestError.self) { try guest.start { _ in } }
            guard case .ended("guest", _, _, let lines) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(lines.contains { $0.contains(settings.diskPath) })
            #expect(!guest.isOn)
        }
    }
}

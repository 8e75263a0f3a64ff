import SystemCalls
import TestSupport
import Testing

@testable import Testbed

@Suite struct UndoGuardTests {
    static let start = Instant(nanoseconds: 1_000_000_000)
    static let heal = GuardedUndo.replaceFile(path: "/a b/f", content: [])
    static let wake = GuardedUndo.signal(process: 7, startTime: 9, number: 18)

    static func arm(_ key: String, _ lease: Int, _ undo: GuardedUndo) -> Substring {
        "arm \(key) \(lease) \(undo.words.joined(separator: " "))"[...]
    }

    /// A machine that was told these lines at `start`, and what it thought of them.
    static func told(_ lines: Substring...) -> (undos: GuardedUndos, known: [Bool]) {
        var undos = GuardedUndos()
        var known: [Bool] = []
        for line in lines { known.append(undos.take(line, at: start)) }
        return (undos, known)
    }

    @Test("a lease that runs out undoes its fault once, the others stay")
    func leases() {
        var (undos, _) = Self.told(Self.arm("a", 500, Self.heal), Self.arm("b", 900, Self.wake))
        #expect(undos.nextDue == Self.start + .milliseconds(500))
        let before = undos.takeDue(at: Self.start + .milliseconds(499))
        let due = undos.takeDue(at: Self.start + .milliseconds(500))
        let again = undos.takeDue(at: Self.start + .milliseconds(500))
        #expect(before == [] && due == [Self.heal] && again == [])
        let rest = undos.takeAll()
        #expect(rest == [Self.wake])
    }

    @Test("what is left is undone newest first, what was disarmed is not")
    func order() {
        // Arming again renews the lease and the place.
        var (undos, _) = Self.told(
            Self.arm("a", 100, Self.heal), Self.arm("b", 100, Self.wake),
            Self.arm("c", 100, Self.heal), "disarm c", Self.arm("a", 100, Self.heal))
        let all = undos.takeAll()
        #expect(all == [Self.heal, Self.wake])
        var (ended, _) = Self.told(Self.arm("a", 100, Self.heal), "end")
        let none = ended.takeAll()
        #expect(ended.hasEnded && none == [])
    }

    @Test(
        "what is no line of ours is refused",
        arguments: [
            "", "arm", "arm a 5", "arm a x signal 1 2 3", "arm a 5 signal 0 2 3",
            "arm a 5 signal 1 2", "arm a 5 replace 2f", "arm a 5 replace 2f 00", "arm a 5 burn 1",
            "disarm", "end now",
        ])
    func refused(line: String) {
        let (undos, known) = Self.told(line[...])
        #expect(known == [false] && undos.nextDue == nil)
    }

    static func sleeper() throws -> ChildProcess {
        try ChildProcess(executable: "sleep", arguments: ["600"])
    }

    static func waitUntil(_ condition: () -> Bool) -> Bool {
        let deadline = Deadline.after(.seconds(20))
        while !condition() {
            if deadline.isPassed { return false }
            sleepThread(for: .milliseconds(10))
        }
        return true
    }

    static func proceed(_ child: ChildProcess) -> GuardedUndo {
        .signal(
            process: child.processID, startTime: Processes.startTime(of: child.processID),
            number: Signals.proceed)
    }

    @Test("a real guard lets a stopped process go on when the lease is over")
    func lease() throws {
        let undoGuard = try UndoGuard(tool: try #require(ToolProgram.path))
        let child = try Self.sleeper()
        defer { _ = try? child.killAndWait() }
        try undoGuard.arm("p", lease: .milliseconds(300), Self.proceed(child))
        try child.signal(Signals.stop)
        #expect(Self.waitUntil { Processes.isStopped(child.processID) })
        #expect(Self.waitUntil { !Processes.isStopped(child.processID) })
        undoGuard.end()
        #expect(!Processes.isAlive(undoGuard.processID))
        #expect(throws: UndoGuard.Failure.self) {
            try undoGuard.arm("p", lease: .seconds(1), Self.proceed(child))
        }
    }

    @Test("a real guard undoes everything when its tool is gone, and nothing when told to end")
    func orphaned() throws {
        try withTemporaryFolder { folder in
            let path = Path.join(folder, "faults")
            let tool = try #require(ToolProgram.path)
            for isTold in [false, true] {
                try FileSystem.write(Array("isolated".utf8), to: path)
                let input = try Pipe()
                let child = try ChildProcess(
                    executable: tool, arguments: [UndoGuard.commandWord],
                    input: .descriptor(input.readEnd))
                input.readEnd.close()
                let undo = GuardedUndo.replaceFile(path: path, content: Array("healthy".utf8))
                var lines = Self.arm("f", 600_000, undo) + "\n"
                if isTold { lines += "end\n" }
                try input.writeEnd.writeAll(Array(lines.utf8))
                input.writeEnd.close()
                #expect(try child.wait(until: .after(.seconds(20))) == .exited(code: 0))
                let content = String(decoding: try FileSystem.read(path, limit: 99), as: UTF8.self)
                #expect(content == (isTold ? "isolated" : "healthy"))
            }
        }
    }

    @Test("a program that is no guard is found out before a fault relies on it")
    func noGuard() throws {
        let undoGuard = try UndoGuard(tool: "/bin/false")
        #expect(throws: UndoGuard.Failure.self) {
            try undoGuard.arm("f", lease: .seconds(1), Self.heal)
        }
        undoGuard.end()
    }
}

import SystemCalls
import TestSupport
import Testing

@Suite struct ProcessTests {
    private func shell(_ script: String, limit: Duration = .seconds(10)) throws -> CapturedRun {
        try CapturedRun("/bin/sh", ["-c", script], until: .after(limit))
    }

    @Test("output, error and exit status come back")
    func capture() throws {
        let run = try shell("echo out; echo err >&2; exit 3")
        #expect(run.status == .exited(code: 3))
        #expect(run.outputText == "out\n")
        #expect(run.errorText == "err\n")
        #expect(try shell("kill -9 $$").status == .signaled(number: 9))
    }

    @Test("a child gets its three streams and nothing else")
    func descriptors() throws {
        let leak = try FileSystem.open("/dev/null", .readOnly)
        let run = try shell("ls /proc/self/fd | wc -l")
        // 0, 1, 2, and the one with which ls reads the folder.
        #expect(run.outputText == "4\n")
        leak.close()
    }

    @Test("at the deadline the whole group is killed, grandchildren too")
    func deadline() throws {
        let start = Instant.now
        let run = try shell("sleep 60 & echo $!; wait", limit: .milliseconds(300))
        #expect(Instant.now - start < .seconds(5))
        #expect(run.status == .signaled(number: 9))
        let grandchild = try #require(Int32(run.outputText.dropLast()))
        #expect(try Processes.waitForEnd(of: grandchild, until: .after(.seconds(5))))
    }

    @Test("a child lives, dies, and stays known by how it ended")
    func life() throws {
        let child = try ChildProcess(executable: "sleep", arguments: ["60"])
        #expect(Processes.isAlive(child.processID))
        #expect(Processes.startTime(of: child.processID) != nil)
        #expect(try child.poll() == nil)
        #expect(try child.wait(until: .after(.milliseconds(10))) == nil)
        try child.signal(Signals.terminate)
        #expect(try child.wait(until: .after(.seconds(10))) == .signaled(number: 15))
        #expect(try child.poll() == .signaled(number: 15))
        #expect(!Processes.isAlive(child.processID))
        try child.signal(Signals.kill)
    }

    @Test("a program that does not exist is an error that names it")
    func missing() {
        #expect {
            try ChildProcess(executable: "/nowhere/program", arguments: [])
        } throws: { ($0 as? SystemError)?.isMissing == true && "\($0)".contains("/nowhere") }
    }

    @Test("the environment is handed over, or replaced")
    func environment() throws {
        let run = try CapturedRun(
            "/bin/sh", ["-c", "echo $MARK"], environment: ["MARK": "a=b"],
            until: .after(.seconds(10)))
        #expect(run.outputText == "a=b\n")
        #expect(Environment.all["PATH"] == Environment["PATH"])
    }
}

@Suite struct FileSystemTests {
    @Test("trees are made, listed, linked and removed; links are never followed")
    func trees() throws {
        try withTemporaryFolder { folder in
            let inside = Path.join(folder, "a/b")
            try FileSystem.createFolders(inside)
            try FileSystem.createFolders(inside)
            try FileSystem.write([1], to: Path.join(inside, "file"))
            try FileSystem.replaceLink(Path.join(folder, "link"), target: "a")
            try FileSystem.replaceLink(Path.join(folder, "link"), target: "a/b")
            #expect(try FileSystem.list(folder) == ["a", "link"])
            #expect(try FileSystem.readLink(Path.join(folder, "link")) == "a/b")
            #expect(try FileSystem.facts(Path.join(folder, "link"))?.kind == .symbolicLink)
            #expect(try FileSystem.facts(Path.join(folder, "nothing")) == nil)
            try FileSystem.removeTree(Path.join(folder, "link"))
            #expect(try FileSystem.list(inside) == ["file"])
            try FileSystem.removeTree(Path.join(folder, "a"))
            #expect(try FileSystem.list(folder).isEmpty)
            #expect(try !FileSystem.removeFile(Path.join(folder, "a")))
        }
    }

    @Test(
        "parents of paths",
        arguments: [
            ("/a/b", "/a"), ("/a", "/"), ("/", nil), ("a/b/", "a"), ("a", nil), ("/a//", "/"),
        ] as [(String, String?)])
    func parents(path: String, parent: String?) {
        #expect(Path.parent(of: path) == parent)
    }

    @Test("instants add, subtract and saturate")
    func instants() {
        let instant = Instant(nanoseconds: 1_000)
        #expect(instant + .nanoseconds(5) == Instant(nanoseconds: 1_005))
        #expect(instant + .seconds(-1) == Instant(nanoseconds: 0))
        #expect(instant - Instant(nanoseconds: 3_000) == .nanoseconds(-2_000))
        #expect(Duration.microseconds(1).millisecondsRoundedUp == 1)
        #expect(Duration.seconds(Int64.max).wholeNanoseconds == .max)
    }
}

import SystemCalls
import TestSupport
import Testbed
import Testing

@Suite("The file that says what machines a workspace was prepared for")
struct QEMULayoutTests {
    static let lines = [
        "version=1", "workspace_root=/srv/testbed", "arch=x86_64",
        "base_image_url=https://images.example/base-amd64.img",
        "base_image_path=/srv/images/base.img",
        "local_cluster_binary_path=/srv/bin/allocdb-local-cluster",
    ]
    static let layout = QEMULayout(
        workspace: "/srv/testbed", imageURL: "https://images.example/base-amd64.img",
        imagePath: "/srv/images/base.img", daemonPath: "/srv/bin/allocdb-local-cluster")

    private static func text(_ lines: [String]) -> String { lines.map { $0 + "\n" }.joined() }

    @Test("it is written as it is read")
    func whole() throws {
        #expect(Self.layout.text == Self.text(Self.lines))
        #expect(try QEMULayout(text: Self.text(Self.lines)) == Self.layout)
        try withTemporaryFolder { folder in
            try FileSystem.write(
                Array(Self.layout.text.utf8), to: Path.join(folder, QEMULayout.fileName))
            #expect(try QEMULayout(in: folder) == Self.layout)
        }
    }

    @Test("unknown keys and blank lines are left out")
    func tolerance() throws {
        #expect(
            try QEMULayout(text: "\n" + Self.text(Self.lines) + "\nextra=1\n") == Self.layout)
    }

    static let rejected: [(change: @Sendable ([String]) -> [String], error: String)] = [
        (
            { $0.map { $0 == "arch=x86_64" ? "arch=riscv" : $0 } },
            "invalid value for `arch`: `riscv`"
        ),
        ({ ["version=3"] + $0.dropFirst() }, "unsupported qemu-testbed version `3`"),
        (
            { $0.filter { !$0.hasPrefix("base_image_url") } },
            "missing qemu-testbed field `base_image_url`"
        ),
        ({ $0 + ["arch=x86_64"] }, "duplicate qemu-testbed field `arch`"),
        ({ $0 + ["zzz"] }, "invalid qemu-testbed line `zzz`"),
        ({ $0.map { "  " + $0 } }, "missing qemu-testbed field `version`"),
    ]

    @Test("what is no layout is refused with the reason", arguments: rejected.indices)
    func refusals(index: Int) {
        let (change, expected) = Self.rejected[index]
        let error = #expect(throws: QEMULayout.Failure.self) {
            try QEMULayout(text: Self.text(change(Self.lines)))
        }
        #expect(error?.description == expected)
    }

    @Test("a workspace without one says so")
    func missing() throws {
        try withTemporaryFolder { folder in
            let error = #expect(throws: QEMULayout.Failure.self) { try QEMULayout(in: folder) }
            #expect(error?.description.hasPrefix("i/o error: ") == true)
        }
    }

    @Test("what the keeper of a lane is asked is read as it was written")
    func requests() throws {
        let replica = try #require(LaneMember("replica-3"))
        for request: LaneRequest in [
            .status, .reset, .stop, .execute(replica, line: "echo 'ä'", limitMilliseconds: 7),
        ] {
            #expect(LaneRequest(request.text) == request)
        }
        for line in ["", "fly", "status now", "execute replica-4 1 00", "execute control x 00"] {
            #expect(LaneRequest(line) == nil)
        }
    }
}

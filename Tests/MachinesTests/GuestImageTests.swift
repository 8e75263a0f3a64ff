import Machines
import SystemCalls
import TestSupport
import Testing

/// The image that all tests boot; it stays in this user's cache.
enum TestImage {
    static let isPossible =
        Shell.has("qemu-system-x86_64") && Shell.has("apt-get") && Shell.has("ssh-keygen")

    static let made = Result { try make(in: .standard) }

    static func make(in store: GuestImageStore) throws -> GuestImage {
        try store.image(of: .init(agent: try builtExecutable("allocdb-guest-agent")))
    }
}

@Suite(
    "What a guest boots",
    .enabled(if: TestImage.isPossible, "the tools that make guests are not here"))
struct GuestImageTests {
    @Test("the same ingredients make the same bytes, and are found again; others make others")
    func determinism() throws {
        let first = try TestImage.made.get()
        try withTemporaryFolder { folder in
            // Packages and keys are ingredients.
            for name in ["packages", "keys"] {
                try FileSystem.replaceLink(
                    Path.join(folder, name),
                    target: Path.join(GuestImageStore.standard.folder, name))
            }
            let store = GuestImageStore(folder: folder)
            var said: [String] = []
            let agent = try builtExecutable("allocdb-guest-agent")
            let second = try store.image(of: .init(agent: agent)) { said.append($0) }
            #expect(second.identity == first.identity)
            #expect(!said.isEmpty)
            for (one, other) in [
                (first.kernel, second.kernel), (first.archive, second.archive),
                (first.probeArchive, second.probeArchive),
            ] {
                #expect(one != other)
                #expect(Shell.run("cmp \(one) \(other)").status == 0)
            }
            said = []
            #expect(try store.image(of: .init(agent: agent)) { said.append($0) } == second)
            #expect(said.isEmpty)
            let third = try store.image(of: .init(agent: agent, daemon: agent))
            #expect(third.identity != first.identity)
            // A daemon that needs what no package brings is refused by name.
            let error = #expect(throws: GuestImageError.self) {
                try store.image(
                    of: .init(agent: agent, daemon: try builtExecutable("allocdb-jepsen-helper")))
            }
            guard case .missing(_, neededBy: "the daemon") = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test("old images make room for new ones, and an image is found without asking for packages")
    func keeping() throws {
        let first = try TestImage.made.get()
        let agent = try builtExecutable("allocdb-guest-agent")
        let standard = GuestImageStore.standard
        #expect(try standard.keptImage(at: first.archive, of: .init(agent: agent)) == first)
        #expect(
            try standard.keptImage(at: first.archive, of: .init(agent: agent, daemon: agent))
                == nil)
        #expect(try standard.keptImage(at: "/no/such/root.cpio", of: .init(agent: agent)) == nil)
        try withTemporaryFolder { folder in
            for name in ["packages", "keys"] {
                try FileSystem.replaceLink(
                    Path.join(folder, name), target: Path.join(standard.folder, name))
            }
            let images = Path.join(folder, "images")
            for number in 0..<20 {
                try FileSystem.createFolders(Path.join(images, "old-\(number)"))
            }
            let image = try TestImage.make(in: GuestImageStore(folder: folder))
            #expect(FileSystem.exists(image.archive))
            #expect(try FileSystem.list(images).count == GuestImageStore.keptImages)
        }
    }

    @Test("a damaged package is not used, but fetched again")
    func damage() throws {
        _ = try TestImage.made.get()
        try withTemporaryFolder { folder in
            let store = GuestImageStore(folder: folder)
            let packages = Path.join(folder, "packages")
            let kept = Path.join(GuestImageStore.standard.folder, "packages")
            try FileSystem.createFolders(packages)
            for name in try FileSystem.list(kept) {
                let path = Path.join(packages, name)
                if name.hasPrefix("zlib1g_") {
                    var bytes = try FileSystem.read(Path.join(kept, name), limit: 1 << 20)
                    bytes[bytes.count / 2] ^= 1
                    try FileSystem.write(bytes, to: path)
                } else {
                    try FileSystem.replaceLink(path, target: Path.join(kept, name))
                }
            }
            let image = try TestImage.make(in: store)
            #expect(FileSystem.exists(image.archive))
            #expect(Shell.run("cmp \(packages)/zlib1g_* \(kept)/zlib1g_*").status == 0)
        }
    }
}

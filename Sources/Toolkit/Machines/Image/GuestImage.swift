import ByteCoding
import Digests
import GuestAssets
import SystemCalls

/// What a guest boots: a kernel, and an archive that becomes its root file system in memory. Made
/// from Debian packages alone, without root, and the same for every guest; what makes guests
/// differ stands on the kernel's command line (`qemu/init`).
///
/// The same packages, keys and programs make the same bytes. An image is kept under the digest of
/// what it is made of, and made again only when some of that changes.
public struct GuestImage: Hashable, Sendable {
    public let kernel: String
    public let archive: String
    /// A far smaller archive with nothing but a program that says that the kernel runs.
    public let probeArchive: String
    /// Digest of everything that the image is made of.
    public let identity: String

    /// What goes into an image besides Debian's packages.
    public struct Ingredients: Sendable {
        /// The static program that does in a guest what the testbed asks.
        public var agent: String
        /// The daemon, at /usr/bin/allocdb-local-cluster; an image without one can be told to run
        /// anything else.
        public var daemon: String?

        public init(agent: String, daemon: String? = nil) {
            self.agent = agent
            self.daemon = daemon
        }
    }

    /// Where the daemon stands in a guest.
    public static let daemonPath = "/usr/bin/allocdb-local-cluster"

    static let modules = [
        "virtio_pci", "virtio_blk", "virtio_net", "virtio_rng", "virtio_console",
        "virtio_balloon",
    ]
    /// Libraries that daemons may count on, whoever made them.
    static let promisedLibraries = ["libc.so.6", "libm.so.6", "libgcc_s.so.1", "libstdc++.so.6"]
    /// Says that what is written here is made by another recipe.
    private static let recipe = "1"

    fileprivate let folder: String

    fileprivate init(folder: String, identity: String) {
        self.folder = folder
        kernel = Path.join(folder, "vmlinuz")
        archive = Path.join(folder, "root.cpio")
        probeArchive = Path.join(folder, "probe.cpio")
        self.identity = identity
    }

    var isComplete: Bool { [kernel, archive, probeArchive].allSatisfy(FileSystem.exists) }

    /// Of what our own pieces are, and of the packages.
    fileprivate static func identity(
        _ own: String, _ packages: [DebianPackage]
    ) throws(GuestImageError) -> String {
        let lines = packages.map { Array("\($0.fileName) \($0.digest)".utf8) }
        return own + "-" + (try digest(lines.sorted { $0.lexicographicallyPrecedes($1) }))
    }

    fileprivate static func digest(_ pieces: [[UInt8]]) throws(GuestImageError) -> String {
        do throws(SHA256.Unavailable) {
            var hash = try SHA256()
            for piece in [Array(recipe.utf8)] + pieces {
                try hash.update(try SHA256.digest(of: piece))
            }
            return Hexadecimal.encode(try hash.finish().prefix(12))
        } catch {
            throw .unusable(path: "the image", reason: "\(error)")
        }
    }
}

/// The images of this user, and what they are made of: packages, keys and finished images in one
/// folder that may be removed at any time while no guest runs.
public struct GuestImageStore: Sendable {
    public let folder: String

    public init(folder: String) {
        self.folder = folder
    }

    /// `allocdb-jepsen` in the user's folder of caches.
    public static var standard: GuestImageStore {
        let home = Path.join(Environment["HOME"] ?? "/tmp", ".cache")
        let base = Environment["XDG_CACHE_HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? home
        return GuestImageStore(folder: Path.join(base, "allocdb-jepsen"))
    }

    /// How long another process may take that is making an image.
    static let lockLimit = Duration.seconds(600)

    public func keys() throws(GuestImageError) -> GuestKeys {
        try GuestKeys(in: Path.join(folder, "keys"))
    }

    /// An image that was made earlier, if these are its ingredients: without asking Debian whether
    /// there are newer packages.
    public func keptImage(
        at archive: String, of ingredients: GuestImage.Ingredients
    ) throws(GuestImageError) -> GuestImage? {
        guard let home = Path.parent(of: archive) else { return nil }
        let identity = Path.lastComponent(of: home)
        let image = GuestImage(folder: home, identity: identity)
        guard image.archive == archive, image.isComplete else { return nil }
        let own = try OwnPieces(ingredients, try keys()).digest()
        return identity.hasPrefix(own + "-") ? image : nil
    }

    /// The image of these ingredients and the newest packages: the one that is here, or a new one.
    /// `tell` hears what is done when it takes a while.
    public func image(
        of ingredients: GuestImage.Ingredients, tell: (String) -> Void = { _ in }
    ) throws(GuestImageError) -> GuestImage {
        let lock = try lock()
        defer { lock.close() }
        let keys = try keys()
        let own = try OwnPieces(ingredients, keys)
        let packages = DebianPackages(folder: Path.join(folder, "packages"))
        var names: [String] = []
        for name in GuestAsset.packages.entries {
            // The kernel's package is empty, and depends on the one that is not.
            names += name.hasPrefix("linux-image-") ? try packages.dependencies(of: name) : [name]
        }
        let found = try packages.look(up: names)
        let identity = try GuestImage.identity(try own.digest(), found)
        let image = GuestImage(
            folder: Path.join(Path.join(folder, "images"), identity), identity: identity)
        if image.isComplete { return image }
        tell("making a guest image of \(found.count) Debian packages")
        try packages.fetch(names, found)
        try make(image, of: own, keys) { target throws(GuestImageError) in
            try packages.unpack(found, into: target)
        }
        removeOldImages(besides: image)
        return image
    }

    /// Images that stay when another one is made; a workspace whose image is gone gets it again.
    public static let keptImages = 8

    private func removeOldImages(besides newest: GuestImage) {
        let home = Path.join(folder, "images")
        let others = ((try? FileSystem.list(home)) ?? []).map { Path.join(home, $0) }
            .filter { $0 != newest.folder }
            .compactMap { path in
                (try? FileSystem.facts(path)).flatMap { $0 }.map { (path, $0.modifiedNanoseconds) }
            }
        for (path, _) in others.sorted(by: { $0.1 > $1.1 }).dropFirst(Self.keptImages - 1) {
            // One that cannot be removed now is old the next time as well.
            _ = try? FileSystem.removeTree(path)
        }
    }

    private func make(
        _ image: GuestImage, of own: OwnPieces, _ keys: GuestKeys,
        unpack: (String) throws(GuestImageError) -> Void
    ) throws(GuestImageError) {
        let work = Path.join(Path.join(folder, "images"), "making")
        let unpacked = Path.join(work, "system")
        do throws(SystemError) {
            try FileSystem.removeTree(work)
            try FileSystem.createFolders(unpacked)
        } catch {
            throw .system(during: "making the image's folder", error)
        }
        defer { try? FileSystem.removeTree(work) }
        try unpack(unpacked)
        let system = try UnpackedSystem(unpacked)
        let archive = GuestArchive(
            system: system, keys: keys, agent: own.agent, daemon: own.daemon)
        let made = GuestImage(folder: Path.join(work, "image"), identity: image.identity)
        let contents = [
            (made.kernel, try system.kernel()), (made.archive, try archive.root()),
            (made.probeArchive, try archive.probe()),
        ]
        do throws(SystemError) {
            try FileSystem.createFolders(made.folder)
            for (path, bytes) in contents { try FileSystem.write(bytes, to: path) }
            try FileSystem.removeTree(image.folder)
            try FileSystem.rename(made.folder, to: image.folder)
        } catch {
            throw .system(during: "writing the image", error)
        }
    }

    private func lock() throws(GuestImageError) -> FileDescriptor {
        do throws(SystemError) {
            for name in ["packages", "images"] {
                try FileSystem.createFolders(Path.join(folder, name))
            }
            let lock = try FileSystem.open(Path.join(folder, "lock"), .update)
            let deadline = Deadline.after(Self.lockLimit)
            while try !lock.tryLockExclusively() {
                guard !deadline.isPassed else {
                    throw SystemError(
                        call: "flock", code: 0, subject: "\(folder)/lock, held by another process")
                }
                sleepThread(for: .milliseconds(50))
            }
            return lock
        } catch {
            throw .system(during: "opening the store of guest images", error)
        }
    }
}

/// What this machine, and not Debian, puts into an image.
private struct OwnPieces {
    let agent: [UInt8]
    /// Empty when there is none.
    let daemon: [UInt8]
    private let rest: [[UInt8]]

    init(_ ingredients: GuestImage.Ingredients, _ keys: GuestKeys) throws(GuestImageError) {
        agent = try Self.read(ingredients.agent)
        daemon = if let path = ingredients.daemon { try Self.read(path) } else { [] }
        rest = [
            GuestAsset.initProgram.bytes, GuestAsset.probeProgram.bytes,
            try keys.authorizedKeys(), try keys.dropbearHostKey(),
        ]
    }

    func digest() throws(GuestImageError) -> String {
        try GuestImage.digest([agent, daemon] + rest)
    }

    private static func read(_ path: String) throws(GuestImageError) -> [UInt8] {
        do throws(SystemError) {
            return try FileSystem.read(path, limit: UnpackedSystem.longestFile)
        } catch {
            throw .system(during: "reading what goes into a guest", error)
        }
    }
}

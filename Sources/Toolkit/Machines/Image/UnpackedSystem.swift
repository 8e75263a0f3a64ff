import SystemCalls

/// The files of unpacked packages, and what of them a guest gets.
struct UnpackedSystem {
    let root: String
    /// Paths of kernel modules, by name; `-` in file names is `_` in names of modules.
    private let modules: [String: String]
    /// Paths of libraries, by file name.
    private let libraries: [String: String]

    static let longestFile = 256 << 20

    init(_ root: String) throws(GuestImageError) {
        self.root = root
        var modules: [String: String] = [:]
        var libraries: [String: String] = [:]
        do throws(SystemError) {
            for path in try Self.files(below: root) {
                let name = Path.lastComponent(of: path)
                if name.hasSuffix(".ko") {
                    modules[Self.moduleName(String(name.dropLast(3)))] = path
                } else if name.contains(".so") {
                    libraries[name] = path
                }
            }
        } catch {
            throw .system(during: "looking at unpacked packages", error)
        }
        self.modules = modules
        self.libraries = libraries
    }

    private static func files(below folder: String) throws(SystemError) -> [String] {
        var found: [String] = []
        var waiting = [folder]
        while let next = waiting.popLast() {
            for name in try FileSystem.list(next) {
                let path = Path.join(next, name)
                switch try FileSystem.facts(path)?.kind {
                case .folder: waiting.append(path)
                case .file, .symbolicLink: found.append(path)
                case .other, nil: break
                }
            }
        }
        return found
    }

    private static func moduleName(_ fileName: String) -> String {
        String(fileName.map { $0 == "-" ? "_" : $0 })
    }

    func read(_ path: String, for user: String) throws(GuestImageError) -> [UInt8] {
        let path = path.hasPrefix("/") ? path : Path.join(root, path)
        guard FileSystem.exists(path) else { throw .missing(path, neededBy: user) }
        do throws(SystemError) {
            return try FileSystem.read(path, limit: Self.longestFile)
        } catch {
            throw .system(during: "reading an unpacked file", error)
        }
    }

    /// The kernel as the loader of a machine takes it.
    func kernel() throws(GuestImageError) -> [UInt8] {
        let folder = Path.join(root, "boot")
        let names = (try? FileSystem.list(folder)) ?? []
        guard let name = names.first(where: { $0.hasPrefix("vmlinuz-") }) else {
            throw .missing("boot/vmlinuz-*", neededBy: "a guest")
        }
        return try read(Path.join(folder, name), for: "a guest")
    }

    /// The modules and all that they need, in an order in which they can be loaded.
    func moduleOrder(_ names: [String]) throws(GuestImageError) -> [(name: String, bytes: [UInt8])]
    {
        var order: [(name: String, bytes: [UInt8])] = []
        var waiting = names.reversed().map { (name: $0, user: "a guest", isOpened: false) }
        var contents: [String: [UInt8]] = [:]
        while let next = waiting.popLast() {
            if next.isOpened {
                if let bytes = contents[next.name], !order.contains(where: { $0.name == next.name })
                {
                    order.append((next.name, bytes))
                }
                continue
            }
            guard contents[next.name] == nil else { continue }
            guard let path = modules[next.name] else {
                throw .missing("module \(next.name)", neededBy: next.user)
            }
            let bytes = try read(path, for: next.user)
            guard let file = ELFFile(bytes) else {
                throw .unusable(path: path, reason: "it is no module")
            }
            contents[next.name] = bytes
            waiting.append((next.name, next.user, true))
            waiting += file.neededModules.map { (Self.moduleName($0), next.name, false) }
        }
        return order
    }

    func libraries(
        _ names: [String]
    ) throws(GuestImageError) -> [(name: String, bytes: [UInt8])] {
        var found: [(name: String, bytes: [UInt8])] = []
        for name in names {
            guard let path = libraries[name] else { throw .missing(name, neededBy: "a guest") }
            found.append((name, try read(path, for: "a guest")))
        }
        return found
    }

    /// The libraries that programs need, and those that these need, by name.
    func libraryClosure(of programs: [(name: String, bytes: [UInt8])]) throws(GuestImageError)
        -> [(name: String, bytes: [UInt8])]
    {
        var found: [String: [UInt8]] = [:]
        var waiting = programs
        while let next = waiting.popLast() {
            for needed in ELFFile(next.bytes)?.neededLibraries ?? [] where found[needed] == nil {
                guard let path = libraries[needed] else {
                    throw .missing(needed, neededBy: next.name)
                }
                let bytes = try read(path, for: next.name)
                found[needed] = bytes
                waiting.append((needed, bytes))
            }
        }
        return found.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}

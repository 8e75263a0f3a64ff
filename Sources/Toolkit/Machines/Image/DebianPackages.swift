import ByteCoding
import Digests
import SystemCalls

/// A package as the machine's package lists know it.
struct DebianPackage: Hashable, Sendable {
    let fileName: String
    let byteCount: Int
    /// In hexadecimal digits.
    let digest: String
}

/// Gets packages from the sources this machine is configured for, without root: nothing is
/// installed, and nothing of theirs is run.
struct DebianPackages {
    /// Where downloaded packages stay.
    let folder: String

    private static let folderWithoutPackages = "/proc"
    static let longestPackage = 512 << 20
    static let toolLimit = Duration.seconds(600)
    /// apt as any user, and without the lock that only root can take.
    private static let aptOptions = [
        "-q", "-o", "APT::Sandbox::User=", "-o", "Debug::NoLocking=1",
    ]

    /// The newest versions of packages, without a download.
    func look(up names: [String]) throws(GuestImageError) -> [DebianPackage] {
        // apt says nothing of packages that lie in the folder already; here none does.
        let output = try Tool.run(
            "apt-get", ["download"] + Self.aptOptions + ["--print-uris"] + names,
            in: Self.folderWithoutPackages)
        let packages = output.split(separator: "\n").compactMap { Self.package(String($0)) }
        for name in names where !packages.contains(where: { $0.fileName.hasPrefix(name + "_") }) {
            throw .unknownPackage(name)
        }
        return packages
    }

    /// A line says address, file, size and digest.
    private static func package(_ line: String) -> DebianPackage? {
        let words = line.split(separator: " ")
        guard words.count == 4, words[0].hasPrefix("'"), let size = Int(words[2]),
            words[3].hasPrefix("SHA256:")
        else { return nil }
        return DebianPackage(
            fileName: String(words[1]), byteCount: size, digest: String(words[3].dropFirst(7)))
    }

    /// The packages that a package without content stands for.
    func dependencies(of name: String) throws(GuestImageError) -> [String] {
        try Tool.run("apt-cache", ["depends", "--important", name], in: folder)
            .split(separator: "\n").compactMap { line in
                let words = line.split(separator: " ")
                return words.first == "Depends:" && words.count == 2 ? String(words[1]) : nil
            }
    }

    /// Downloads what is not here yet. What is here is read again: a package is never taken on
    /// the word of its name.
    func fetch(_ names: [String], _ packages: [DebianPackage]) throws(GuestImageError) {
        var wanted: [String] = []
        for name in names {
            let package = packages.first { $0.fileName.hasPrefix(name + "_") }
            if let package, try !isHere(package) { wanted.append(name) }
        }
        if wanted.isEmpty { return }
        _ = try Tool.run("apt-get", ["download"] + Self.aptOptions + wanted, in: folder)
        for package in packages where try !isHere(package) {
            throw .damagedPackage(path: path(of: package))
        }
    }

    func path(of package: DebianPackage) -> String { Path.join(folder, package.fileName) }

    private func isHere(_ package: DebianPackage) throws(GuestImageError) -> Bool {
        let path = path(of: package)
        do throws(SystemError) {
            guard let facts = try FileSystem.facts(path) else { return false }
            guard facts.size == package.byteCount,
                try Self.digest(path, limit: Self.longestPackage) == package.digest
            else {
                // A download that broke off; apt makes it anew.
                try FileSystem.removeFile(path)
                return false
            }
            return true
        } catch {
            throw .system(during: "reading a package", error)
        }
    }

    private static func digest(_ path: String, limit: Int) throws(SystemError) -> String? {
        let bytes = try FileSystem.read(path, limit: limit)
        return (try? SHA256.digest(of: bytes)).map { Hexadecimal.encode($0) }
    }

    /// Unpacks the files of packages below a folder; nothing is configured.
    func unpack(_ packages: [DebianPackage], into target: String) throws(GuestImageError) {
        for package in packages {
            _ = try Tool.run("dpkg-deb", ["-x", path(of: package), target], in: folder)
        }
    }
}

/// Programs of Debian's that the image is made with.
enum Tool {
    /// What it wrote to standard output; an error when it failed.
    static func run(
        _ program: String, _ arguments: [String], in folder: String
    ) throws(GuestImageError) -> String {
        let run: CapturedRun
        do throws(SystemError) {
            run = try CapturedRun(
                program, arguments, folder: folder, until: .after(DebianPackages.toolLimit))
        } catch {
            throw .system(during: "running \(program)", error)
        }
        guard run.status.isSuccess else {
            let line = ([program] + arguments).joined(separator: " ")
            let said = run.errorText.split(separator: "\n").suffix(3).joined(separator: "; ")
            throw .tool(line, status: "\(run.status)", said: said)
        }
        return run.outputText
    }
}

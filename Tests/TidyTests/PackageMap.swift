import Foundation

/// The targets of `Package.swift`, read from its text: it is written so that this is easy.
struct PackageMap {
    enum Wing: String, CaseIterable {
        case cLibraries = "CLibraries"
        case base = "Base"
        case engine = "Engine"
        case toolkit = "Toolkit"
        case commands = "Commands"
    }

    struct Target {
        let name: String
        let wing: Wing
        /// As declared.
        let uses: Set<String>
        /// As imported by its sources, own targets only.
        let imports: Set<String>

        var folder: String { "Sources/\(wing.rawValue)/\(name)" }
        /// The name in an import declaration.
        var module: String { name.replacing("-", with: "_") }
    }

    let targets: [String: Target]

    static let shared = PackageMap()

    init() {
        let text = Repository.file("Package.swift")?.text ?? ""
        var declared: [(name: String, wing: Wing, uses: Set<String>)] = []
        for match in text.matches(of: /clibrary\("(\w+)"[,)]/) {
            declared.append((String(match.1), .cLibraries, []))
        }
        for match in text.matches(of: /systemLibrary\(\s*name: "(\w+)"/) {
            declared.append((String(match.1), .cLibraries, []))
        }
        let library = /\slibrary\(\s*"(\w+)", in: "(\w+)"(?:,\s*uses: \[([^\]]*)\])?\s*\)/
        for match in text.matches(of: library) {
            guard let wing = Wing(rawValue: String(match.2)) else { continue }
            declared.append((String(match.1), wing, Self.names(in: match.3)))
        }
        for match in text.matches(of: /\scommand\(\s*"([\w-]+)",\s*uses: \[([^\]]*)\]\s*\)/) {
            declared.append((String(match.1), .commands, Self.names(in: match.2)))
        }
        let known = Set(declared.map(\.name))
        var targets: [String: Target] = [:]
        for entry in declared {
            let files = Repository.files(under: "Sources/\(entry.wing.rawValue)/\(entry.name)")
            let imports = Set(files.flatMap(\.imports)).intersection(known)
            targets[entry.name] = Target(
                name: entry.name, wing: entry.wing, uses: entry.uses, imports: imports)
        }
        self.targets = targets
    }

    /// Everything a target reaches, itself included.
    func closure(of name: String) -> Set<String> {
        var reached: Set<String> = []
        var waiting = [name]
        while let next = waiting.popLast() {
            guard reached.insert(next).inserted, let target = targets[next] else { continue }
            waiting += target.uses
        }
        return reached
    }

    private static func names(in list: Substring?) -> Set<String> {
        Set((list ?? "").matches(of: /"([^"]+)"/).map { String($0.1) })
    }
}

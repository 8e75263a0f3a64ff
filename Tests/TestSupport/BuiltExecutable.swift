import SystemCalls

/// A program of this package; they lie beside the test bundle.
public func builtExecutable(_ name: String) throws -> String {
    let folder = Path.parent(of: CommandLine.arguments.first ?? "") ?? "."
    let path = Path.join(folder, name)
    guard FileSystem.isExecutable(path) else { throw MissingExecutable(path: path) }
    return path
}

struct MissingExecutable: Error, CustomStringConvertible {
    let path: String
    var description: String { "there is no built executable at \(path)" }
}

public import SystemCalls

/// Why there is no guest image.
public enum GuestImageError: Error, Equatable, Sendable, CustomStringConvertible {
    case system(during: String, SystemError)
    /// A program of Debian's failed: its command line, how it ended and what it said.
    case tool(String, status: String, said: String)
    /// The package lists do not know a package, or know no trustworthy source of it.
    case unknownPackage(String)
    case damagedPackage(path: String)
    /// What was taken out of the packages lacks something that a guest needs.
    case missing(String, neededBy: String)
    case unusable(path: String, reason: String)

    public var description: String {
        switch self {
        case .system(let step, let error): "\(step): \(error)"
        case .tool(let line, let status, let said):
            "`\(line)` failed (\(status))" + (said.isEmpty ? "" : ": \(said)")
        case .unknownPackage(let name):
            "the Debian package \(name) cannot be had: apt knows none of that name; "
                + "`apt-get update` as root reads the package lists"
        case .damagedPackage(let path):
            "\(path) is not what the package lists say; remove it and try again"
        case .missing(let name, let user): "\(user) needs \(name), which no package brings"
        case .unusable(let path, let reason): "\(path) cannot go into a guest: \(reason)"
        }
    }
}

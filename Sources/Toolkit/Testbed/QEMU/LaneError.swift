public import Machines
public import SystemCalls

/// Why a lane of machines did not do what it was asked.
public enum LaneError: Error, Equatable, Sendable, CustomStringConvertible {
    case system(during: String, SystemError)
    case image(GuestImageError)
    case guest(GuestError)
    /// Nobody has prepared the workspace, or with another image.
    case notPrepared(workspace: String, reason: String)
    case tool(String, said: String)
    case wrongState(String)

    public var description: String {
        switch self {
        case .system(let step, let error): "\(step): \(error)"
        case .image(let error): "\(error)"
        case .guest(let error): "\(error)"
        case .notPrepared(let workspace, let reason):
            "\(workspace) is not prepared for machines: \(reason); "
                + "`allocdb-jepsen testbed prepare` does that"
        case .tool(let line, let said): "`\(line)` failed: \(said)"
        case .wrongState(let text): text
        }
    }
}

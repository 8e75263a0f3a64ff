public import SystemCalls

/// Why a guest did not do what it was asked, or what happened to it meanwhile.
public enum GuestError: Error, Equatable, Sendable, CustomStringConvertible {
    case system(guest: String, during: String, SystemError)
    case monitor(guest: String, QMPError)
    /// The process of the machine ended; the last lines that it and its guest wrote.
    case ended(guest: String, during: String, status: String, lastLines: [String])
    /// What was waited for did not come; the last lines of the console.
    case notReady(guest: String, awaited: String, lastLines: [String])
    /// The agent in the guest says why it could not.
    case refused(guest: String, request: String, reason: String)
    /// The agent did not answer in time; what it was asked may still be done.
    case silent(guest: String, request: String)
    case garbled(guest: String, request: String, answer: String)
    /// Asked of a machine that is switched off, or to switch on one that is on.
    case wrongState(guest: String, deed: String, state: String)
    case clockIsOff(guest: String, by: Duration)
    /// Random bytes came twice: the guest would repeat what another has done.
    case randomnessRepeated(guest: String)

    public var description: String {
        switch self {
        case .system(let guest, let step, let error): "\(guest): \(step): \(error)"
        case .monitor(let guest, let error): "\(guest): \(error)"
        case .ended(let guest, let step, let status, let lines):
            "\(guest): its machine ended while \(step) (\(status))\(Self.shown(lines))"
        case .notReady(let guest, let awaited, let lines):
            "\(guest): \(awaited) did not come in time\(Self.shown(lines))"
        case .refused(let guest, let request, let reason):
            "\(guest) could not carry out `\(request)`: \(reason)"
        case .silent(let guest, let request):
            "\(guest) did not answer `\(request)` in time; it may still do it"
        case .garbled(let guest, let request, let answer):
            "\(guest) answered `\(request)` with `\(answer)`"
        case .wrongState(let guest, let deed, let state): "\(guest) cannot \(deed): it is \(state)"
        case .clockIsOff(let guest, let offset): "\(guest): its clock is off by \(offset)"
        case .randomnessRepeated(let guest): "\(guest): its random numbers repeat"
        }
    }

    private static func shown(_ lines: [String]) -> String {
        lines.isEmpty ? "" : ":\n" + lines.map { "  \($0)\n" }.joined()
    }
}

import JSONText
public import SystemCalls

/// What a bundle says about the run that it is of: enough to carry it out again.
public struct BundleRequest: Hashable, Sendable {
    /// Without a schedule for a run that had no faults.
    public var request: RunRequest
    public var replicaBinary: String
    /// SHA-256 of the daemon at that time; nil when it could not be read.
    public var replicaDigest: String?
    /// Codes of the findings, once each, in their order.
    public var codes: [String]

    public static let manifestName = "manifest.json"
    public static let scheduleName = "schedule.txt"

    /// Why a folder cannot be used as a bundle.
    public enum Failure: Error, Sendable, CustomStringConvertible {
        case system(SystemError)
        case damaged(String)

        public var description: String {
            switch self {
            case .system(let error): "this is no bundle that can be repeated: \(error)"
            case .damaged(let what): "this is no bundle that can be repeated: \(what)"
            }
        }
    }

    /// The style that follows a script, by its word in the manifest.
    static let scriptedStyle = "scripted"

    public init(bundle: String) throws(Failure) {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try FileSystem.read(
                Path.join(bundle, Self.manifestName), limit: CampaignFolder.fileLimit)
        } catch {
            throw .system(error)
        }
        guard let manifest = try? JSONText(parsing: bytes) else {
            throw .damaged("\(Self.manifestName) is not JSON")
        }
        guard let runID = manifest["run_id"].string, let testbed = manifest["testbed"].string,
            let seed = manifest["seed"].integer(UInt64.self), let rate = manifest["rate"].double,
            let concurrency = manifest["concurrency"].integer(Int.self),
            let window = manifest["window_seconds"].double, window > 0, window < 1e9,
            rate >= 1, rate < 1e9, let binary = manifest["replica_binary"]["path"].string
        else { throw .damaged("\(Self.manifestName) lacks facts about the run") }
        request = RunRequest(
            number: 1, runID: runID, testbed: testbed, hosts: manifest["hosts"].string,
            style: manifest["style"].string,
            window: UInt64(window.rounded(.up)), rate: UInt64(rate.rounded()),
            concurrency: concurrency, seed: seed)
        let schedule = Path.join(bundle, Self.scheduleName)
        // A scripted run takes its faults from its steps, and no schedule beside them.
        let hasSchedule = !request.isControl && request.style != Self.scriptedStyle
        if hasSchedule, FileSystem.exists(schedule) { request.schedule = schedule }
        replicaBinary = binary
        replicaDigest = manifest["replica_binary"]["sha256"].string
        var codes: [String] = []
        for code in manifest["findings"].elements.compactMap({ $0["code"].string })
        where !codes.contains(code) {
            codes.append(code)
        }
        self.codes = codes
    }
}

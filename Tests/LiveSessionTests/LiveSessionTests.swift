import SystemCalls
import TestSupport
import Testing

/// Plays every recorded session of the reference against a real cluster of our daemons
/// (live-sessions.json): each reply, output, file and log line is the recorded one, or the one
/// that `Deviations` says and why.
@Suite(.serialized) struct LiveSessionTests {
    static let sessions: [String] =
        (try? Vectors.json("live-sessions.json")["sessions"].array.compactMap(\.self["name"].string))
        ?? []

    @Test("a recorded session goes as recorded, but for the listed deviations", arguments: sessions)
    func session(name: String) throws {
        let all = try Vectors.json("live-sessions.json")["sessions"].array
        let session = try #require(all.first { $0["name"].string == name })
        try withTemporaryFolder { folder in
            let changes = session["layout_changes"].object.compactMapValues(\.string)
            let disk = try SmallDisk(for: changes)
            defer { disk?.remove() }
            if !changes.isEmpty, disk == nil, changes.values.contains(where: SmallDisk.isNamed) {
                print("\(name): 0 steps, skipped: no right to mount a small file system here")
                return
            }
            let cluster = try SessionCluster(
                folder: folder, layoutChanges: disk?.expand(changes) ?? changes,
                smallDisk: disk?.path)
            defer { cluster.tearDown() }
            try play(name, session, cluster, disk)
        }
    }

    private func play(
        _ name: String, _ session: JSONValue, _ cluster: SessionCluster, _ disk: SmallDisk?
    ) throws {
        let start = try cluster.run(["start", "--workspace", "<workspace>"])
        #expect(cluster.normalize(start.outputText) == session["start_stdout"].string)
        try #require(start.status.isSuccess, "\(start.errorText)")
        let runner = SessionRunner(cluster: cluster, disk: disk)
        var deviations = Deviations.of(name)
        var compared = 0
        var skipped: [String] = []
        for step in session["steps"].array {
            let number: Int = try #require(step["step"].integer())
            let deviation = deviations.removeValue(forKey: number)
            if case .skip(let reason) = deviation {
                skipped.append("\(number) (\(reason))")
                continue
            }
            switch try runner.play(step, deviation: deviation) {
            case .skipped(let reason): skipped.append("\(number) (\(reason))")
            case .compared(let expected, let found):
                compared += 1
                let alternatives = try deviation?.alternatives.map {
                    try runner.resolve($0, step)
                }
                if alternatives?.contains(found) == true { continue }
                #expect(
                    expected == found,
                    """
                    \(name) step \(number)\(deviation.map { ", deviating: \($0.reason)" } ?? "")
                    expected \(expected)
                    found    \(found)
                    """)
            }
        }
        #expect(deviations.isEmpty, "deviations of steps that do not exist")
        print(
            "live-sessions.json \(name): \(compared) steps compared, "
                + "\(Deviations.of(name).count) deviations, skipped: "
                + (skipped.isEmpty ? "none" : skipped.joined(separator: "; ")))
    }

    @Test("no session is missing, and every deviation belongs to one")
    func count() {
        #expect(Self.sessions.count == 16)
        #expect(Self.sessions.reduce(0) { $0 + Deviations.of($1).count } == Deviations.count)
    }
}

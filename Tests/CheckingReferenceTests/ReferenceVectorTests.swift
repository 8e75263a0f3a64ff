import Checking
import History
import TestSupport
import Testing

@Suite("The reference analysis answers as the reference does, byte for byte")
struct ReferenceVectorTests {
    @Test("all 173 histories give the expected streams, exit status and logical commands")
    func everyHistory() throws {
        let histories = try Vectors.json("histories/index.json")["histories"].array
        for entry in histories {
            let name = try #require(entry["file"].string)
            let text = try Vectors.bytes("histories/\(name)")
            let output = ReferenceOutput(of: text)
            #expect(output.exitStatus == entry["exit_status"].integer(Int32.self), "\(name)")
            #expect(output.standardError == entry["stderr"].string, "\(name)")
            let expected = String(
                decoding: try Vectors.bytes(
                    "histories/\(#require(entry["expected_file"].string))"), as: UTF8.self)
            switch try #require(entry["expected_stream"].string) {
            case "stdout": #expect(output.standardOutput == expected, "\(name)")
            case "stderr":
                #expect(output.standardError == expected, "\(name)")
                #expect(output.standardOutput == "", "\(name)")
            case let stream: Issue.record("\(name): unknown stream \(stream)")
            }
            try checkCommands(entry, name: name, text: text)
        }
        print("histories: \(histories.count) cases analysed")
        #expect(histories.count == 173)
    }

    private func checkCommands(_ entry: JSONValue, name: String, text: [UInt8]) throws {
        guard entry["group"].string != "malformed" else { return }
        let report = ReferenceAnalysis.report(on: try TextHistoryReader.events(of: text))
        let expected = entry["logical_commands"].array
        try checkThrift(text, expecting: report, name)
        #expect(report.commands.count == expected.count, "\(name)")
        for (command, json) in zip(report.commands, expected) {
            #expect(command.id.rawValue == json["operation_id"].integer(), "\(name)")
            #expect(command.attempts == json["attempts"].integer(), "\(name)")
            #expect(command.ambiguousAttempts == json["ambiguous_attempts"].integer(), "\(name)")
            #expect(
                command.definiteFailures.map(\.rawValue)
                    == json["definite_failures"].array.map(\.string), "\(name)")
            check(command.committed, json["committed"], "\(name) \(command.id)")
        }
    }

    /// What keeps less says the same, as long as it says anything.
    private func checkThrift(
        _ text: [UInt8], expecting report: ReferenceReport, _ name: String
    ) throws {
        for thrift in [.keepsRecords, .expectsOrder] as [ReferenceAnalysis.Thrift] {
            var analysis = ReferenceAnalysis(thrift)
            for event in try TextHistoryReader.events(of: text) { analysis.add(event) }
            if analysis.needsSecondReading { continue }
            let other = analysis.report()
            #expect(other.text == report.text, "\(name)")
            #expect(other.commandCount == report.commands.count, "\(name)")
        }
    }

    private func check(
        _ fingerprint: ReferenceFingerprint?, _ json: JSONValue, _ name: String
    ) {
        guard let fingerprint else {
            #expect(json.isNull, "\(name)")
            return
        }
        #expect(fingerprint.appliedLSN.rawValue == json["applied_lsn"].integer(), "\(name)")
        #expect(fingerprint.resourceID?.rawValue == json["resource_id"].integer(), "\(name)")
        #expect(
            fingerprint.resourceIDs.map(\.rawValue)
                == json["resource_ids"].array.map { $0.integer(UInt128.self) }, "\(name)")
        #expect(
            fingerprint.reservationID?.rawValue == json["reservation_id"].integer(), "\(name)")
        #expect(fingerprint.holderID?.rawValue == json["holder_id"].integer(), "\(name)")
        #expect(fingerprint.leaseEpoch?.rawValue == json["lease_epoch"].integer(), "\(name)")
        #expect(fingerprint.releasedLSN?.rawValue == json["released_lsn"].integer(), "\(name)")
        #expect(fingerprint.deadline?.rawValue == json["expires_at_slot"].integer(), "\(name)")
    }
}

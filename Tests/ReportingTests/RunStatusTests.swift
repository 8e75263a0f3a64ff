import Reporting
import TestSupport
import Testing

@Suite struct RunStatusTests {
    @Test("every recorded status file is read and written back byte for byte")
    func golden() throws {
        let samples = try Vectors.json("run-status.json")["samples"].array
        print("run-status.json: \(samples.count) cases")
        #expect(samples.count == 15)
        for sample in samples {
            let text = try #require(sample["text"].string)
            let status = try RunStatus(text: text)
            #expect(status.text == text, "\(sample["case"])")
            let decoded = sample["decoded"]
            #expect(decoded["phase"].string == status.phase.rawValue)
            #expect(decoded["state"].string == status.state.rawValue)
            #expect(decoded["detail"].string == status.detail)
            #expect(decoded["elapsed_secs"].integer() == status.elapsedSeconds)
            #expect(decoded["history_events"].integer() == status.historyEvents)
            if decoded["last_error"] == .null {
                #expect(status.lastError == nil)
            } else {
                #expect(decoded["last_error"].string == status.lastError)
            }
        }
    }

    @Test("what is no status file is refused in the published words")
    func rejected() throws {
        let cases = try Vectors.json("run-status.json")["rejected"].array
        print("run-status.json: \(cases.count) rejected cases")
        #expect(cases.count == 3)
        for entry in cases {
            let text = try #require(entry["text"].string)
            do {
                _ = try RunStatus(text: text)
                Issue.record("accepted \(text)")
            } catch {
                #expect("\(error)" == entry["error"].string)
            }
        }
    }

    @Test("every recorded event log is read and written back byte for byte")
    func events() throws {
        let samples = try Vectors.json("events-log.json")["samples"].array
        print("events-log.json: \(samples.count) cases")
        #expect(samples.count == 7)
        for sample in samples {
            let text = try #require(sample["text"].string)
            let lines = text.split(separator: "\n").compactMap { EventLogLine(line: $0) }
            #expect(lines.map(\.text).joined() == text)
            let decoded = sample["decoded"].array
            #expect(decoded.count == lines.count)
            for (line, expected) in zip(lines, decoded) {
                #expect(expected["time_millis"].integer() == line.timeMillis)
                #expect(expected["detail"].string == line.detail)
            }
        }
    }

    @Test("every recorded manifest is written byte for byte")
    func manifest() throws {
        let samples = try Vectors.json("artifact-manifest.json")["samples"].array
        print("artifact-manifest.json: \(samples.count) cases")
        #expect(samples.count == 4)
        for sample in samples {
            let decoded = sample["decoded"]
            let archive = decoded["qemu_logs_archive"]
            let manifest = ArtifactManifest(
                runID: try #require(decoded["run_id"].string),
                workload: try #require(decoded["workload"].string),
                nemesis: try #require(decoded["nemesis"].string),
                createdAtMillis: try #require(decoded["created_at_millis"].integer()),
                logsArchive: archive == .null || archive == .string("none")
                    ? nil : archive.string,
                blockerCount: try #require(decoded["blocker_count"].integer()))
            #expect(manifest.text == sample["text"].string)
        }
    }

    @Test(
        "whatever a detail holds, it is read back",
        arguments: ["\u{301}x", "a\rb", "a\u{2028}b\u{85}", "\\", "\n\n", "=", " "])
    func anyDetail(_ detail: String) throws {
        let line = EventLogLine(timeMillis: 1, detail: detail)
        #expect(EventLogLine(line: String(line.text.unicodeScalars.dropLast())) == line)
        let sample = try Vectors.json("run-status.json")["samples"][0]
        var status = try RunStatus(text: try #require(sample["text"].string))
        status.detail = detail
        #expect(try RunStatus(text: status.text) == status)
    }

    @Test("malformed lines of a log are nothing", arguments: ["", "x", "time_millis=a detail=b"])
    func malformedLine(line: String) {
        #expect(EventLogLine(line: line) == nil)
    }
}

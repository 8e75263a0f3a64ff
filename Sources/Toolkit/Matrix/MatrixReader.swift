import CommandDescriptions
import YAMLText

extension MatrixFile {
    /// Reads a matrix file strictly: an unknown key or word is an error with its line, and with
    /// the nearest word that would have been understood. `file` is its name for messages.
    public init(
        _ bytes: [UInt8], file: String, vocabulary: MatrixVocabulary
    ) throws(MatrixError) {
        let reader = MatrixReader(file: file, bytes: bytes, vocabulary: vocabulary)
        self = try reader.matrix()
    }
}

private struct MatrixReader {
    let file: String
    let bytes: [UInt8]
    let vocabulary: MatrixVocabulary

    private static let topKeys = ["matrix", "description", "defaults", "runs"]
    private static let settings = [
        "window", "rate", "concurrency", "testbed", "style", "faults", "repeats", "seeds",
    ]
    private static let runKeys = ["run", "workload", "nemesis"] + settings

    func matrix() throws(MatrixError) -> MatrixFile {
        let document: YAMLNode?
        do throws(YAMLError) {
            document = try YAMLText.parse(bytes)
        } catch {
            throw self.error(error.place, error.problem)
        }
        guard let document else {
            throw error(.init(line: 1, column: 1), "the file is empty; a matrix lists `runs`")
        }
        let top = try fields(document, Self.topKeys, of: "a matrix")
        var name = file.split(separator: "/").last.map(String.init) ?? file
        if name.hasSuffix(".yaml") { name.removeLast(5) }
        if let node = top["matrix"] {
            name = try text(node)
            guard Self.isName(name) else {
                throw error(
                    node.place, "`\(name)` is no name: letters, digits, hyphens and underscores")
            }
        }
        var defaults = MatrixRun(runID: "")
        if let node = top["defaults"] {
            let given = try fields(node, Self.settings, of: "the defaults")
            try read(given, into: &defaults)
        }
        guard let list = top["runs"] else {
            throw error(document.place, "`runs` is missing: the list of what is to be carried out")
        }
        let runs = try runs(list, defaults)
        return MatrixFile(
            name: name, description: try top["description"].map(text) ?? "", runs: runs)
    }

    private func runs(
        _ list: YAMLNode, _ defaults: MatrixRun
    ) throws(MatrixError) -> [MatrixRun] {
        var runs: [MatrixRun] = []
        var count = 0
        for node in try elements(list) {
            let found = try run(node, defaults)
            for run in found {
                count += run.count
                guard count <= MatrixFile.mostRuns else {
                    throw error(node.place, "more than \(MatrixFile.mostRuns) runs")
                }
                runs.append(run)
            }
        }
        guard !runs.isEmpty else { throw error(list.place, "the list of runs is empty") }
        return runs
    }

    /// `- run-id`, or a mapping. `run: all` and `run: release-gate` stand for several.
    private func run(
        _ node: YAMLNode, _ defaults: MatrixRun
    ) throws(MatrixError) -> [MatrixRun] {
        var run = defaults
        run.line = node.place.line
        if case .scalar = node.content {
            return try ids(node).map { id in Self.named(id, run, ownFaults: false) }
        }
        let given = try fields(node, Self.runKeys, of: "a run")
        let ids: [String]
        switch (given["run"], given["workload"]) {
        case (let word?, nil):
            if let nemesis = given["nemesis"] {
                throw error(nemesis.place, "`nemesis` goes with `workload`; `run` names both")
            }
            ids = try self.ids(word)
        case (nil, let workload?): ids = [try id(workload, given["nemesis"])]
        case (_?, let workload?):
            throw error(workload.place, "either `run` or `workload`, not both")
        case (nil, nil):
            throw error(node.place, "which run? `run` with an id, or `workload` with `nemesis`")
        }
        try read(given, into: &run)
        return ids.map { id in Self.named(id, run, ownFaults: given["faults"] != nil) }
    }

    /// Faults of the defaults are for runs with faults: control runs stay what they are.
    private static func named(_ id: String, _ run: MatrixRun, ownFaults: Bool) -> MatrixRun {
        var run = run
        run.runID = id
        if !ownFaults, RunMatrix.run(id: id)?.isControl == true { run.faults = [] }
        return run
    }

    private func ids(_ node: YAMLNode) throws(MatrixError) -> [String] {
        let groups: [String: [RunDescriptor]] = [
            "all": RunMatrix.all, "release-gate": RunMatrix.releaseGate,
            "supplementary": RunMatrix.supplementary,
        ]
        let known = RunMatrix.all.map(\.id)
        let id = try word(node, known + groups.keys.sorted(), called: "run")
        return groups[id].map { $0.map(\.id) } ?? [id]
    }

    private func id(_ workload: YAMLNode, _ nemesis: YAMLNode?) throws(MatrixError) -> String {
        let work = try word(workload, WorkloadFamily.allCases.map(\.rawValue), called: "workload")
        let deed = try nemesis.map { node throws(MatrixError) in
            try word(node, NemesisFamily.allCases.map(\.rawValue), called: "nemesis")
        }
        let run = RunMatrix.all.first {
            $0.workload.rawValue == work
                && $0.nemesis.rawValue == deed ?? NemesisFamily.none.rawValue
        }
        guard let run else {
            throw error(
                nemesis?.place ?? workload.place,
                "no run has workload `\(work)` and nemesis `\(deed ?? "none")`; `plan` lists all")
        }
        return run.id
    }

    private func read(
        _ given: [String: YAMLNode], into run: inout MatrixRun
    ) throws(MatrixError) {
        if let node = given["window"] {
            run.window = try number(node, 1...MatrixFile.longestWindow, of: "seconds")
        }
        if let node = given["rate"] {
            run.rate = try number(node, 1...100_000, of: "operations per second")
        }
        if let node = given["concurrency"] {
            run.concurrency = Int(try number(node, 1...256, of: "clients"))
        }
        if let node = given["testbed"] {
            run.testbed = try word(node, vocabulary.testbeds, called: "testbed")
        }
        if let node = given["style"] {
            run.style = try word(node, vocabulary.styles, called: "style")
        }
        if let node = given["faults"] {
            run.faults = try elements(node).map { element throws(MatrixError) in
                try word(element, vocabulary.faults, called: "fault")
            }
        }
        if let repeats = given["repeats"], given["seeds"] != nil {
            throw error(repeats.place, "either `repeats` or `seeds`, not both")
        }
        if let node = given["repeats"] {
            run.repeats = Int(try number(node, 1...1000, of: "times"))
            run.seeds = []
        }
        if let node = given["seeds"] {
            run.seeds = try elements(node).map { element throws(MatrixError) in
                try number(element, 0...UInt64.max, of: "a seed")
            }
        }
    }

    // MARK: - Values

    private func fields(
        _ node: YAMLNode, _ known: [String], of owner: String
    ) throws(MatrixError) -> [String: YAMLNode] {
        guard case .mapping(let entries) = node.content else {
            throw error(
                node.place,
                "\(owner) is a mapping with keys of \(known.joined(separator: ", ")), "
                    + "not \(node.kind)")
        }
        var fields: [String: YAMLNode] = [:]
        for entry in entries {
            guard known.contains(entry.key) else {
                throw error(
                    entry.place,
                    "unknown key `\(entry.key)`" + Self.hint(entry.key, known))
            }
            fields[entry.key] = entry.value
        }
        return fields
    }

    private func elements(_ node: YAMLNode) throws(MatrixError) -> [YAMLNode] {
        guard case .sequence(let values) = node.content else {
            throw error(node.place, "a list is needed here, not \(node.kind)")
        }
        return values
    }

    private func text(_ node: YAMLNode) throws(MatrixError) -> String {
        guard case .scalar(let text, _) = node.content else {
            throw error(node.place, "a text is needed here, not \(node.kind)")
        }
        return text
    }

    private func word(
        _ node: YAMLNode, _ known: [String], called name: String
    ) throws(MatrixError) -> String {
        let word = try text(node)
        guard known.contains(word) else {
            throw error(node.place, "unknown \(name) `\(word)`" + Self.hint(word, known))
        }
        return word
    }

    private func number(
        _ node: YAMLNode, _ range: ClosedRange<UInt64>, of unit: String
    ) throws(MatrixError) -> UInt64 {
        let text = try text(node)
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = UInt64(text), range.contains(number)
        else {
            throw error(
                node.place,
                "`\(text)` is not a whole number (\(unit)) from \(range.lowerBound) to "
                    + "\(range.upperBound)")
        }
        return number
    }

    // MARK: - Messages

    private static func hint(_ word: String, _ known: [String]) -> String {
        if let near = Suggestions.nearest(to: word, among: known) {
            return "; did you mean `\(near)`?"
        }
        return "; known are " + known.joined(separator: ", ")
    }

    private static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 64
            && text.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
                    || (0x61...0x7A).contains(byte) || byte == 0x2D || byte == 0x5F
            }
    }

    private func error(_ place: YAMLNode.Place, _ problem: String) -> MatrixError {
        let lines = String(decoding: bytes, as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false)
        let text = lines.indices.contains(place.line - 1) ? String(lines[place.line - 1]) : ""
        return MatrixError(
            file: file, line: place.line, column: place.column, problem: problem, text: text)
    }
}

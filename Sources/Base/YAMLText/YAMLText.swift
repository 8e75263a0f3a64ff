import CYAML

/// Reads one YAML document with libyaml into nodes that know their lines.
///
/// Understood are mappings with texts as keys, lists and single values. Anchors, aliases, tags and
/// a second document are refused: in files that people keep beside each other, a value should
/// stand where it counts.
public enum YAMLText {
    /// Bounds, so that no file can exhaust the stack or the memory.
    public static let mostBytes = 1 << 20
    public static let mostDepth = 32

    /// The document's value; nil when the text holds none.
    public static func parse(_ bytes: [UInt8]) throws(YAMLError) -> YAMLNode? {
        guard bytes.count <= mostBytes else {
            throw YAMLError(
                place: .init(line: 1, column: 1),
                problem: "\(bytes.count) bytes; at most \(mostBytes) are read")
        }
        // libyaml keeps the address of the parser inside the parser, so it must not move.
        let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
        defer { parser.deallocate() }
        guard yaml_parser_initialize(parser) == 1 else {
            throw YAMLError(
                place: .init(line: 1, column: 1), problem: "libyaml has no memory for a parser")
        }
        defer { yaml_parser_delete(parser) }
        let text = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(1, bytes.count))
        defer { text.deallocate() }
        _ = text.update(fromContentsOf: bytes)
        yaml_parser_set_input_string(parser, text.baseAddress, bytes.count)
        let reader = NodeReader(parser: parser)
        return try reader.document()
    }
}

/// Turns libyaml's events into nodes.
private struct NodeReader {
    let parser: UnsafeMutablePointer<yaml_parser_t>

    private enum Event {
        case streamStart, streamEnd, documentStart, documentEnd
        case scalar(String, isPlain: Bool)
        case sequenceStart, sequenceEnd, mappingStart, mappingEnd
    }

    func document() throws(YAMLError) -> YAMLNode? {
        var found: YAMLNode?
        while true {
            let (event, place) = try next()
            switch event {
            case .streamStart, .documentEnd: continue
            case .streamEnd: return found
            case .documentStart:
                guard found == nil else {
                    throw YAMLError(place: place, problem: "a second document begins here")
                }
                let (first, start) = try next()
                found = try node(first, start, depth: 1)
            case .scalar, .sequenceStart, .sequenceEnd, .mappingStart, .mappingEnd:
                throw YAMLError(place: place, problem: "a value outside of a document")
            }
        }
    }

    private func node(
        _ event: Event, _ place: YAMLNode.Place, depth: Int
    ) throws(YAMLError) -> YAMLNode {
        guard depth <= YAMLText.mostDepth else {
            throw YAMLError(place: place, problem: "nested more than \(YAMLText.mostDepth) deep")
        }
        switch event {
        case .scalar(let text, let isPlain):
            return YAMLNode(place: place, content: .scalar(text, isPlain: isPlain))
        case .sequenceStart:
            var values: [YAMLNode] = []
            while true {
                let (event, start) = try next()
                if case .sequenceEnd = event {
                    return YAMLNode(place: place, content: .sequence(values))
                }
                values.append(try node(event, start, depth: depth + 1))
            }
        case .mappingStart:
            return YAMLNode(place: place, content: .mapping(try entries(depth: depth)))
        case .streamStart, .streamEnd, .documentStart, .documentEnd, .sequenceEnd, .mappingEnd:
            throw YAMLError(place: place, problem: "a value is missing")
        }
    }

    private func entries(depth: Int) throws(YAMLError) -> [YAMLNode.Entry] {
        var entries: [YAMLNode.Entry] = []
        var known: [String: YAMLNode.Place] = [:]
        while true {
            let (event, place) = try next()
            if case .mappingEnd = event { return entries }
            guard case .scalar(let key, _) = event else {
                throw YAMLError(place: place, problem: "a key that is no single value")
            }
            if let earlier = known.updateValue(place, forKey: key) {
                throw YAMLError(
                    place: place, problem: "`\(key)` stands in line \(earlier.line) already")
            }
            let (first, start) = try next()
            let value = try node(first, start, depth: depth + 1)
            entries.append(.init(key: key, place: place, value: value))
        }
    }

    private func next() throws(YAMLError) -> (Event, YAMLNode.Place) {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw problem() }
        defer { yaml_event_delete(&event) }
        let place = Self.place(event.start_mark)
        func refuseAnchor(_ anchor: UnsafeMutablePointer<UInt8>?) throws(YAMLError) {
            if anchor != nil { throw YAMLError(place: place, problem: "anchors are not read") }
        }
        func refuseTag(_ tag: UnsafeMutablePointer<UInt8>?) throws(YAMLError) {
            if tag != nil { throw YAMLError(place: place, problem: "tags are not read") }
        }
        switch event.type {
        case YAML_STREAM_START_EVENT: return (.streamStart, place)
        case YAML_STREAM_END_EVENT: return (.streamEnd, place)
        case YAML_DOCUMENT_START_EVENT: return (.documentStart, place)
        case YAML_DOCUMENT_END_EVENT: return (.documentEnd, place)
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            try refuseAnchor(scalar.anchor)
            try refuseTag(scalar.tag)
            let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            return (
                .scalar(
                    String(decoding: bytes, as: UTF8.self),
                    isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE), place
            )
        case YAML_SEQUENCE_START_EVENT:
            try refuseAnchor(event.data.sequence_start.anchor)
            try refuseTag(event.data.sequence_start.tag)
            return (.sequenceStart, place)
        case YAML_SEQUENCE_END_EVENT: return (.sequenceEnd, place)
        case YAML_MAPPING_START_EVENT:
            try refuseAnchor(event.data.mapping_start.anchor)
            try refuseTag(event.data.mapping_start.tag)
            return (.mappingStart, place)
        case YAML_MAPPING_END_EVENT: return (.mappingEnd, place)
        case YAML_ALIAS_EVENT: throw YAMLError(place: place, problem: "aliases are not read")
        // The library's enum is open in C; every event that it documents stands above.
        default: throw YAMLError(place: place, problem: "an unknown event of libyaml")
        }
    }

    /// What the library found wrong, in its own words.
    private func problem() -> YAMLError {
        let words = parser.pointee.problem.map { String(cString: $0) } ?? "not YAML"
        let context = parser.pointee.context.map { String(cString: $0) + ": " } ?? ""
        let mark = parser.pointee.problem_mark
        return YAMLError(place: Self.place(mark), problem: context + words)
    }

    /// libyaml counts from 0.
    private static func place(_ mark: yaml_mark_t) -> YAMLNode.Place {
        YAMLNode.Place(line: Int(mark.line) + 1, column: Int(mark.column) + 1)
    }
}

/// First in, first out, in memory that is used again and again.
struct RingQueue<Element> {
    private var elements: [Element?]
    private var front = 0
    private(set) var count = 0

    init() { elements = [Element?](repeating: nil, count: 16) }

    var isEmpty: Bool { count == 0 }

    var first: Element? { count == 0 ? nil : elements[front] }

    var last: Element? { count == 0 ? nil : self[count - 1] }

    /// The element at a place counted from the front; there must be one.
    subscript(place: Int) -> Element? { elements[(front &+ place) & (elements.count &- 1)] }

    mutating func append(_ element: Element) {
        if count == elements.count { grow() }
        elements[(front &+ count) & (elements.count &- 1)] = element
        count &+= 1
    }

    @discardableResult
    mutating func popFirst() -> Element? {
        guard count > 0 else { return nil }
        let element = elements[front]
        elements[front] = nil
        front = (front &+ 1) & (elements.count &- 1)
        count &-= 1
        return element
    }

    private mutating func grow() {
        var larger = [Element?](repeating: nil, count: elements.count * 2)
        for place in 0..<count { larger[place] = self[place] }
        elements = larger
        front = 0
    }
}

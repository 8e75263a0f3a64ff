/// A binary heap: of all elements the least one is first. Of elements of which neither is less,
/// either may be first; who needs an order among them puts it into `<`.
///
/// Inlinable, so that a user in another module pays no more than for a heap of its own.
public struct MinHeap<Element: Comparable> {
    @usableFromInline var elements: [Element] = []

    @inlinable public init() {}

    @inlinable public var count: Int { elements.count }

    /// The least element.
    @inlinable public var first: Element? { elements.first }

    @inlinable
    public mutating func insert(_ element: Element) {
        elements.append(element)
        var place = elements.count - 1
        while place > 0 {
            let parent = (place - 1) / 2
            guard elements[place] < elements[parent] else { return }
            elements.swapAt(place, parent)
            place = parent
        }
    }

    /// Removes and returns the least element.
    @inlinable
    @discardableResult
    public mutating func popFirst() -> Element? {
        guard let last = elements.popLast() else { return nil }
        guard let least = elements.first else { return last }
        elements[0] = last
        sink(from: 0)
        return least
    }

    /// Removes what does not count any more.
    @inlinable
    public mutating func keep(where counts: (Element) throws -> Bool) rethrows {
        try elements.removeAll { try !counts($0) }
        for place in (0..<elements.count / 2).reversed() { sink(from: place) }
    }

    @inlinable
    mutating func sink(from start: Int) {
        var place = start
        while true {
            var least = 2 * place + 1
            guard least < elements.count else { return }
            if least + 1 < elements.count, elements[least + 1] < elements[least] { least += 1 }
            guard elements[least] < elements[place] else { return }
            elements.swapAt(place, least)
            place = least
        }
    }
}

extension MinHeap: Sendable where Element: Sendable {}

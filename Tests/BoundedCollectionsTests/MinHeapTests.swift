import BoundedCollections
import Randomness
import Testing

@Suite("A heap gives back what is in it, least first")
struct MinHeapTests {
    /// A number with a name that does not count for its place.
    private struct Named: Comparable {
        let number: Int
        let name: Int

        static func < (left: Named, right: Named) -> Bool { left.number < right.number }
    }

    @Test("every order of seven elements, some of them alike, comes out sorted")
    func everyOrder() {
        for order in Self.orders(of: [0, 1, 1, 2, 3, 3, 3]) {
            var heap = MinHeap<Int>()
            for element in order { heap.insert(element) }
            #expect(Self.drained(heap) == [0, 1, 1, 2, 3, 3, 3], "\(order)")
        }
    }

    @Test("insertions, removals and clearings in any order agree with a sorted list")
    func random() {
        var random = SeededRandom(seed: 5)
        var heap = MinHeap<Named>()
        var list: [Named] = []
        for step in 0..<20_000 {
            switch random.index(below: 100) {
            case 0:
                let kept = random.index(below: 3)
                heap.keep { $0.name % 3 != kept }
                list.removeAll { $0.name % 3 == kept }
            case 1..<55:
                // Few numbers, so that many are alike.
                let element = Named(number: random.index(below: 50), name: step)
                heap.insert(element)
                list.append(element)
            default:
                let least = list.map(\.number).min()
                #expect(heap.first?.number == least)
                let popped = heap.popFirst()
                #expect(popped?.number == least)
                list.removeAll { $0 == popped }
            }
            #expect(heap.count == list.count)
        }
        #expect(Set(Self.drained(heap).map(\.name)) == Set(list.map(\.name)))
    }

    @Test("an empty heap has nothing to give")
    func empty() {
        var heap = MinHeap<Int>()
        #expect(heap.first == nil && heap.popFirst() == nil)
        heap.keep { _ in true }
        heap.insert(1)
        heap.keep { _ in false }
        #expect(heap.count == 0 && heap.popFirst() == nil)
    }

    private static func drained<Element>(_ heap: MinHeap<Element>) -> [Element] {
        var heap = heap
        return (0..<heap.count).compactMap { _ in heap.popFirst() }
    }

    private static func orders(of elements: [Int]) -> [[Int]] {
        guard let first = elements.first else { return [[]] }
        return orders(of: Array(elements.dropFirst())).flatMap { rest in
            (0...rest.count).map { Array(rest[..<$0]) + [first] + rest[$0...] }
        }
    }
}

#include "provrun/compare/compare.hpp"

#include <zlib.h>

#include <catch2/catch.hpp>

using provrun::compare::compare;
using provrun::compare::Comparison;
using provrun::core::CompareMethod;
using provrun::core::CompareRule;

namespace {

CompareRule rule(CompareMethod method, double relative = 0, double absolute = 0,
                 std::vector<std::string> ignore = {}) {
  return {"*", method, relative, absolute, std::move(ignore)};
}

std::vector<std::string> told(const Comparison& comparison) {
  std::vector<std::string> lines;
  for (const auto& d : comparison.differences)
    lines.push_back(d.where + ": " + d.before + " -> " + d.after);
  return lines;
}
using Told = std::vector<std::string>;

std::string deflate_all(std::string_view data, int window_bits, unsigned long time = 0) {
  z_stream z{};
  REQUIRE(deflateInit2(&z, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  gz_header header{};
  header.time = time;
  if (window_bits > 15) deflateSetHeader(&z, &header);
  std::string out(deflateBound(&z, data.size()) + 64, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
  z.avail_in = static_cast<uInt>(data.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&z, Z_FINISH) == Z_STREAM_END);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}
std::string gzip(std::string_view data, unsigned long time) {
  return deflate_all(data, 15 + 16, time);
}

std::string big(std::uint32_t value) {
  return {static_cast<char>(value >> 24U), static_cast<char>(value >> 16U),
          static_cast<char>(value >> 8U), static_cast<char>(value)};
}
std::string png_chunk(const std::string& type, const std::string& data) {
  const auto body = type + data;
  const auto sum =
      crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()));
  return big(static_cast<std::uint32_t>(data.size())) + body + big(static_cast<std::uint32_t>(sum));
}
// 8-bit grey, each row with the filter's byte in front.
std::string png(std::uint32_t width, std::uint32_t height, const std::string& rows,
                const std::string& comment) {
  const std::string header = big(width) + big(height) + std::string("\x08\x00\x00\x00\x00", 5);
  return "\x89PNG\r\n\x1a\n" + png_chunk("IHDR", header) + png_chunk("tEXt", comment) +
         png_chunk("IDAT", deflate_all(rows, 15)) + png_chunk("IEND", "");
}

std::string little(std::uint32_t value, int width) {
  std::string out;
  for (int i = 0; i < width; ++i) out += static_cast<char>(value >> (8 * i));
  return out;
}
struct Packed {
  std::string name;
  std::string content;
};
std::string zip(const std::vector<Packed>& members, std::uint32_t time) {
  std::string out;
  std::string directory;
  for (const auto& [name, content] : members) {
    const auto data = deflate_all(content, -15);
    const auto at = static_cast<std::uint32_t>(out.size());
    const auto common = little(20, 2) + little(0, 2) + little(8, 2) + little(time, 4) +
                        little(0, 4) + little(static_cast<std::uint32_t>(data.size()), 4) +
                        little(static_cast<std::uint32_t>(content.size()), 4) +
                        little(static_cast<std::uint32_t>(name.size()), 2) + little(0, 2);
    out += "PK\x03\x04" + common + name + data;
    directory += "PK\x01\x02" + little(20, 2) + common + little(0, 2) + little(0, 2) +
                 little(0, 2) + little(0, 4) + little(at, 4) + name;
  }
  const auto begin = static_cast<std::uint32_t>(out.size());
  const auto count = static_cast<std::uint32_t>(members.size());
  return out + directory + "PK\x05\x06" + little(0, 4) + little(count, 2) + little(count, 2) +
         little(static_cast<std::uint32_t>(directory.size()), 4) + little(begin, 4) + little(0, 2);
}

}  // namespace

TEST_CASE("bytes that differ are shown by line, or by byte when they are no text") {
  CHECK(told(compare("a.txt", "one\ntwo\nthree\n", "one\ntWo\nthree\n", {})) ==
        Told{"line 2: two -> tWo"});
  CHECK(told(compare("a.txt", "one\n", "one\ntwo\n", {})) == Told{"line 2:  -> two"});
  CHECK(told(compare("a.bin", std::string("\0ab", 3), std::string("\0ac", 3), {})) ==
        Told{"byte 2: 0x62 -> 0x63"});
  CHECK(compare("a.txt", "same", "same", {}).equivalent);
  const auto long_line = compare("a.txt", std::string(500, 'x'), std::string(500, 'y'), {});
  CHECK(long_line.differences.at(0).before == std::string(80, 'x') + "…");
}

TEST_CASE("numbers in a text are equal within the tolerance, words must be the same") {
  const auto numeric = rule(CompareMethod::numeric, 1e-6);
  CHECK(compare("a", "slope = 0.1234567 (n=3)", "slope = 0.12345671 (n=3)", numeric).equivalent);
  CHECK(told(compare("a", "x 1.0\ny 2.0\n", "x 1.1\ny 2.5\n", numeric)) ==
        Told{"line 1: 1.0 -> 1.1", "line 2: 2.0 -> 2.5"});
  CHECK(told(compare("a", "mean 1", "median 1", numeric)) == Told{"line 1: mean -> median"});
  CHECK(compare("a", "1e3", "1000", numeric).equivalent);
  CHECK(compare("a", "-1.5,+2", "-1.5,2.0", numeric).equivalent);
  CHECK_FALSE(compare("a", "3-2", "3--2", numeric).equivalent);
  CHECK_FALSE(compare("a", "v2", "v2.0000001", numeric).equivalent);
  CHECK_FALSE(compare("a", "1 2", "1 2 3", numeric).equivalent);
  CHECK(compare("a", "0.0", "0.004", rule(CompareMethod::numeric, 0, 0.005)).equivalent);
  CHECK_FALSE(compare("a", "0.0", "0.006", rule(CompareMethod::numeric, 0, 0.005)).equivalent);
}

TEST_CASE("a table is compared by column") {
  const std::string before = "id,mass,seconds\na,1.00,5\n\"b,c\",2.00,6\n";
  const auto csv = rule(CompareMethod::csv, 0, 0.01, {"seconds"});
  CHECK(
      compare("t.csv", before, "id,mass,seconds\r\na,1.005,9\r\n\"b,c\",2,7\r\n", csv).equivalent);
  CHECK(told(compare("t.csv", before, "id,mass,seconds\na,1.5,5\nbc,2.00,6\n", csv)) ==
        Told{"row 1, column mass: 1.00 -> 1.5", "row 2, column id: b,c -> bc"});
  CHECK(told(compare("t.csv", before, "id,mass\n", csv)) ==
        Told{"header: id,mass,seconds -> id,mass"});
  CHECK(told(compare("t.csv", before, "id,mass,seconds\na,1.00,5\n", csv)) ==
        Told{"row 2: b,c,2.00,6 -> "});
  const auto broken = compare("t.csv", before, "id,mass,seconds\n\"a", csv);
  CHECK_FALSE(broken.equivalent);
  CHECK(broken.method == "bytes (it is no CSV: a quote is not closed)");
}

TEST_CASE("JSON is compared by value") {
  CHECK(compare("m.json", R"({"a":1,"b":[1.0]})", "{ \"b\": [1], \"a\": 1.0 }\n", {}).equivalent);
  CHECK(told(compare("m.json", R"({"a":{"b":[1,2]},"c":1})", R"({"a":{"b":[1,3,4]},"d":1})", {})) ==
        Told{"/a/b/1: 2 -> 3", "/a/b/2:  -> 4", "/c: 1 -> ", "/d:  -> 1"});
  const auto json = rule(CompareMethod::json, 0, 0, {"created", "/meta/host"});
  CHECK(compare("m.json", R"({"created":1,"meta":{"host":"a","n":1}})",
                R"({"created":2,"meta":{"host":"b","n":1}})", json)
            .equivalent);
  CHECK_FALSE(compare("m.json", R"({"host":"a"})", R"({"host":"b"})", json).equivalent);
  CHECK(compare("m.json", "{", "[", {}).method.starts_with("bytes (it is no JSON: "));
  CHECK(compare("a.ipynb", R"({"cells":[{"execution_count":1,"source":["x"]}],"metadata":{"v":1}})",
                R"({"cells":[{"execution_count":7,"source":["x"]}],"metadata":{"v":2}})", {})
            .equivalent);
}

TEST_CASE("compressed files are compared by content") {
  CHECK(compare("a.txt.gz", gzip("hello", 1), gzip("hello", 2), {}).equivalent);
  CHECK(compare("a.json.gz", gzip("{\"a\":1}", 1), gzip("{ \"a\": 1 }", 1), {}).equivalent);
  CHECK(told(compare("a.txt.gz", gzip("hello\n", 1), gzip("hallo\n", 1), {})) ==
        Told{"line 1: hello -> hallo"});
  CHECK_FALSE(compare("a.txt.gz", gzip("hello", 1), gzip("hello", 2), rule(CompareMethod::exact))
                  .equivalent);
  const auto whole = gzip(std::string(1000, 'x'), 1);
  for (std::size_t size = 2; size < whole.size(); ++size)
    CHECK_FALSE(compare("a.gz", whole, whole.substr(0, size), {}).equivalent);

  CHECK(compare("a.zip", zip({{"a", "1"}, {"b", "2"}}, 1), zip({{"b", "2"}, {"a", "1"}}, 9), {})
            .equivalent);
  CHECK(told(compare("a.zip", zip({{"a", "1"}, {"b", "2"}}, 1), zip({{"a", "3"}, {"c", "2"}}, 1),
                     {})) == Told{"a: line 1: 1 -> 3", "b: 1 bytes -> ", "c:  -> 1 bytes"});
  const auto archive = zip({{"a", std::string(100, 'y')}}, 1);
  for (std::size_t size = 4; size < archive.size(); ++size)
    CHECK_FALSE(compare("a.zip", archive, archive.substr(0, size), {}).equivalent);
  for (std::size_t at = 4; at < archive.size(); ++at) {
    auto flipped = archive;
    flipped[at] = static_cast<char>(flipped[at] ^ 0x10);
    compare("a.zip", archive, flipped, {});  // must neither crash nor read out of bounds
  }
}

TEST_CASE("images are compared by pixel, whatever their filters and comments") {
  const std::string plain("\0\x01\x02\x03\0\x02\x04\x06", 8);
  const std::string filtered("\x01\x01\x01\x01\x02\x01\x02\x03", 8);  // sub, then up
  CHECK(compare("f.png", png(3, 2, plain, "made at 1"), png(3, 2, filtered, "made at 2"), {})
            .equivalent);
  auto other = plain;
  other[6] = '\x05';
  CHECK(told(compare("f.png", png(3, 2, plain, ""), png(3, 2, other, ""), {})) ==
        Told{"pixel 1,1: 4 -> 5"});
  CHECK(
      told(compare("f.png", png(3, 2, plain, ""), png(7, 1, plain, ""), {})) ==
      Told{
          "the size or kind of the image: 3 x 2 pixels, 8 bits each -> 7 x 1 pixels, 8 bits each"});
  const auto picture = png(3, 2, plain, "c");
  for (std::size_t size = 8; size < picture.size(); ++size)
    CHECK_FALSE(compare("f.png", picture, picture.substr(0, size), {}).equivalent);
}

TEST_CASE("what a rule says not to compare is equivalent") {
  const auto ignored = compare("a.log", "x", "y", rule(CompareMethod::ignore));
  CHECK(ignored.equivalent);
  CHECK(ignored.method == "not compared");
}

#include "optiinfra/rows/decode.hpp"

#include "formats.hpp"
#include "native_rows.hpp"

namespace optiinfra::rows {
namespace decoding {

Result<void> read_body(std::string_view body, RowFormat format, RowBuilder& builder) {
  constexpr std::string_view kUtf8Mark = "\xEF\xBB\xBF";
  if (body.starts_with(kUtf8Mark)) body.remove_prefix(kUtf8Mark.size());
  switch (format) {
    case RowFormat::kJson:
      return read_json(body, builder);
    case RowFormat::kJsonLines:
      return read_json_lines(body, builder);
    case RowFormat::kCsv:
      return read_csv(body, builder);
    case RowFormat::kNative:
      break;
  }
  detail::broken_invariant("a format of rows that is not in the list");
}

}  // namespace decoding

template <Metric Row>
Result<DecodedRows<Row>> decode_rows(std::string_view body, RowFormat format, const IdOfName& id_of) {
  if (format == RowFormat::kNative) return read_native<Row>(body);
  decoding::TypedRowBuilder<Row> builder(id_of);
  OPTIINFRA_CHECK(decoding::read_body(body, format, builder));
  return std::move(builder).finish();
}

#define BEGIN_FAMILY(Name, name)                                                                    \
  template Result<DecodedRows<Name##Metric>> decode_rows<Name##Metric>(std::string_view, RowFormat, \
                                                                       const IdOfName&);
#include "optiinfra/schema/families.def"

}  // namespace optiinfra::rows

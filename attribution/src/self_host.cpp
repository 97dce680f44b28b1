// What one's own serving costs next to the price of an API for the same tokens, from attributed hours.
#include <algorithm>
#include <map>
#include <set>

#include "answer_cells.hpp"
#include "conversion.hpp"
#include "cost_keys.hpp"
#include "given.hpp"
#include "hour_reader.hpp"
#include "money_records.hpp"
#include "optiinfra/attribution/price_book.hpp"
#include "optiinfra/store/attribution_tables.hpp"
#include "question_list.hpp"

namespace optiinfra::attribution {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;

struct ModelTokens {
  double uncached = 0, cached = 0, generated = 0;
};

/// The list price of one provider, region and tier for a model.
struct ModelPrice {
  const Price* input = nullptr;
  const Price* cached = nullptr;  ///< Without one, cached tokens cost what others of the prompt do.
  const Price* output = nullptr;

  bool is_whole() const {
    return input != nullptr && output != nullptr && input->currency == output->currency &&
           (cached == nullptr || cached->currency == input->currency);
  }
  double cost_of(const ModelTokens& tokens) const {
    const double of_cached = (cached != nullptr ? cached : input)->price;
    return (tokens.uncached * input->price + tokens.cached * of_cached + tokens.generated * output->price) /
           1e6;
  }
};

/// What an API charges for a model's tokens.
struct ApiCost {
  const Price* input = nullptr;  ///< The price for input of the offer that is taken; null when there is none.
  double cost = 0;
  std::set<std::string> other_currencies;  ///< Of offers that cannot be compared.
};

/// The cost of the cheapest offer for `model` at the day's beginning, in `currency`, of `provider` where that
/// is not empty. An offer has both a price for input and one for output. One of another currency counts when
/// `rates` can convert it.
ApiCost cheapest(const PriceBook& book, const RateBook& rates, const std::string& model,
                 const std::string& provider, const std::string& currency, sys_days day,
                 const ModelTokens& tokens) {
  std::map<std::tuple<std::string, std::string, std::string>, ModelPrice> offers;
  auto price = std::lower_bound(book.prices().begin(), book.prices().end(), model,
                                [](const Price& each, const std::string& sku) { return each.sku < sku; });
  for (; price != book.prices().end() && price->sku == model; ++price) {
    const bool is_valid =
        price->valid_from <= day && (price->valid_to == sys_seconds{} || day < price->valid_to);
    if (!is_valid || (!provider.empty() && price->provider != provider)) continue;
    ModelPrice& offer = offers[{price->provider, price->region, price->tier}];
    // Prices of one unit come by their beginning, so the one that began last stays.
    if (price->unit == PriceUnit::kMillionInputTokens) offer.input = &*price;
    if (price->unit == PriceUnit::kMillionCachedTokens) offer.cached = &*price;
    if (price->unit == PriceUnit::kMillionOutputTokens) offer.output = &*price;
  }
  ApiCost best;
  for (const auto& [key, offer] : offers) {
    if (!offer.is_whole()) continue;
    const std::string& of_offer = offer.input->currency;
    double cost = offer.cost_of(tokens);
    if (of_offer != currency) {
      const auto rate = rates.find(of_offer, currency, day);
      if (!rate) {
        best.other_currencies.insert(of_offer);
        continue;
      }
      cost *= rate->rate;
    }
    if (best.input != nullptr && best.cost <= cost) continue;
    best.input = offer.input;
    best.cost = cost;
  }
  return best;
}

/// One row of the answer as far as it is added up.
struct Comparison {
  double own = 0, used = 0, api = 0;
  ModelTokens tokens;
  double priced_rows = 0, requests = 0;
  std::set<std::string> offers, models_without_price, other_currencies;
};

std::string joined_texts(const std::set<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += (all.empty() ? "" : ", ") + text;
  return all;
}

class SelfHost {
 public:
  SelfHost(Client& client, TimeRange window, Selection selection, std::string provider)
      : client_(client), selection_(std::move(selection)), provider_(std::move(provider)) {
    answer_.window = {floor_hour(window.begin), floor_hour(window.end + 1h - 1s)};
  }

  Result<Answer> run(const std::string& currency) {
    OPTIINFRA_TRY(conversion_, Conversion::create(client_, currency, answer_.window, selection_.conditions(),
                                                  selection_.parameters()));
    add_columns();
    OPTIINFRA_TRY(book_, read_price_book(client_));
    if (conversion_.is_active()) {
      OPTIINFRA_TRY(auto rates, read_exchange_rates(client_));
      rates_ = RateBook(std::move(rates));
    }
    OPTIINFRA_CHECK(client_.with_session([&](Session& session) { return read(session); }));
    for (const auto& [key, row] : rows_) add_row(key.first, key.second, row);
    OPTIINFRA_CHECK(expect_rows_fit(answer_.rows.size()));
    return std::move(answer_);
  }

 private:
  void add_columns() {
    answer_.columns = selection_.columns();
    const auto add = [&](const char* key, const char* heading, const char* unit, CellKind kind,
                         int decimals = 0) {
      answer_.columns.push_back({key, heading, unit, kind, decimals});
    };
    add("currency", "currency", "", CellKind::kText);
    add("own_cost", "own", "currency", CellKind::kNumber, 2);
    add("api_cost", "API", "currency", CellKind::kNumber, 2);
    add("difference", "own less API", "currency", CellKind::kNumber, 2);
    add("own_cost_per_million_tokens", "own per 1M", "currency", CellKind::kNumber, 4);
    add("api_cost_per_million_tokens", "API per 1M", "currency", CellKind::kNumber, 4);
    add("utilization", "utilization", "share of own cost", CellKind::kNumber, 3);
    add("break_even_utilization", "break-even", "share of own cost", CellKind::kNumber, 3);
    add("prompt_tokens", "prompt tokens", "tokens", CellKind::kCount);
    add("cached_tokens", "cached tokens", "tokens", CellKind::kCount);
    add("completion_tokens", "generated tokens", "tokens", CellKind::kCount);
    add("coverage", "priced", "share of requests", CellKind::kNumber, 4);
    add("api_price", "API price from", "", CellKind::kText);
    add("models_without_price", "no API price", "", CellKind::kText);
    add("reason", "absent because", "", CellKind::kText);
    add_rates_column(answer_.columns, conversion_);
  }

  Result<void> read(Session& session) {
    const std::string cost = conversion_.amount("cost");
    const std::string groups = selection_.key_names() + ", money, model, day";
    std::string sql = conversion_.with() + "SELECT " + selection_.keys() + ", " + conversion_.money() +
                      " AS money, CAST(model_name, 'String') AS model, toUInt16(toDate(hour)) AS day";
    for (const std::string& sum :
         {"sumIf(" + cost + ", kind != 'unreconciled') + sum(" + conversion_.amount("shared_underfill") +
              ") + sum(" + conversion_.amount("shared_idle") + ")",
          "sumIf(" + cost + ", kind IN ('served', 'wasted'))",
          std::string("sumIf(prompt_tokens, kind != 'unpriced')"),
          std::string("sumIf(least(cached_tokens, prompt_tokens), kind != 'unpriced')"),
          std::string("sumIf(completion_tokens, kind != 'unpriced')"),
          std::string("countIf(kind != 'unpriced')"), std::string("sumIf(requests, kind != 'unpriced')"),
          std::string("sumIf(requests, kind = 'unpriced')")})
      sql += ", toFloat64(" + sum + ")";
    sql += " FROM " + qualified(session.database(), store::kAttributedCostTable) + " WHERE " +
           newest_versions(session.database()) + selection_.conditions() + " GROUP BY " + groups;
    std::vector<NamedValue> parameters = {{"from", std::to_string(to_column_time(answer_.window.begin))},
                                          {"to", std::to_string(to_column_time(answer_.window.end))}};
    parameters.insert(parameters.end(), selection_.parameters().begin(), selection_.parameters().end());
    std::optional<Error> failed;
    OPTIINFRA_CHECK(done(session.query({.sql = sql, .parameters = parameters}, [&](const Block& block) {
      for (std::size_t row = 0; row < block.row_count() && !failed; ++row)
        if (auto taken = take(block, row); !taken) failed = std::move(taken).error();
      return !failed && rows_.size() <= kAnswerRowsMax;
    })));
    if (failed) return *std::move(failed);
    for (const auto& [key, requests] : unpriced_) {
      const auto row = rows_.lower_bound({key, ""});
      if (requests > 0 && (row == rows_.end() || row->first.first != key)) rows_[{key, ""}];
    }
    return expect_rows_fit(rows_.size());
  }

  Result<void> take(const Block& block, std::size_t row) {
    const std::size_t texts = selection_.key_count();
    const auto sum = [&](std::size_t i) { return number_in<double>(block, texts + 3 + i, row); };
    const std::string currency = text_in(block, texts, row), model = text_in(block, texts + 1, row);
    const sys_days day{std::chrono::days{number_in<std::uint16_t>(block, texts + 2, row)}};
    const Key key = selection_.key_at(block, row);
    OPTIINFRA_CHECK(conversion_.expect_known(sum(0)));
    unpriced_[key] += sum(7);
    if (sum(5) == 0) return {};  // Requests without a price have no currency either.
    Comparison& to = rows_[{key, currency}];
    to.own += sum(0) * kNano;
    to.used += sum(1) * kNano;
    to.priced_rows += sum(5);
    to.requests += sum(6);
    const ModelTokens tokens{sum(2) - sum(3), sum(3), sum(4)};
    to.tokens.uncached += tokens.uncached;
    to.tokens.cached += tokens.cached;
    to.tokens.generated += tokens.generated;
    if (tokens.uncached + tokens.cached + tokens.generated == 0) return {};
    return add_api_cost(to, currency, model, day, tokens);
  }

  Result<void> add_api_cost(Comparison& to, const std::string& currency, const std::string& model,
                            sys_days day, const ModelTokens& tokens) const {
    const ApiCost api = cheapest(book_, rates_, model, provider_, currency, day, tokens);
    if (api.input == nullptr) {
      if (api.other_currencies.empty()) to.models_without_price.insert(model.empty() ? "(no model)" : model);
      for (const std::string& other : api.other_currencies) {
        if (conversion_.is_active() && !other.empty()) return no_rate(other, currency, day);
        to.other_currencies.insert(other.empty() ? "no stated currency" : other);
      }
      return {};
    }
    const Price& input = *api.input;
    to.api += api.cost;
    const std::string source = input.source.empty() ? "price book" : input.source;
    to.offers.insert(input.provider.empty() ? source : input.provider + ": " + source);
    return {};
  }

  void add_row(const Key& key, const std::string& currency, const Comparison& of) {
    constexpr const char* kNoPrice =
        "the price book has no price of input and output tokens for a model; set "
        "them with: optiinfra price set MODEL PRICE --per million_input_tokens";
    const bool is_priced = of.priced_rows > 0;
    const char* const why_no_own = "no charge covers the requests";
    const std::string other = "the API's prices are in " + joined_texts(of.other_currencies) +
                              ", and currencies are not compared; convert with --currency";
    const double prompt = of.tokens.uncached + of.tokens.cached, all = prompt + of.tokens.generated;
    constexpr const char* kNoTokens = "no tokens were counted";
    // Requests had tokens that nobody counted; without a request there was nothing to pay an API for.
    const bool lacks_tokens = of.requests > 0 && all == 0;
    const char* const why_no_api = !is_priced                         ? why_no_own
                                   : lacks_tokens                     ? kNoTokens
                                   : !of.models_without_price.empty() ? kNoPrice
                                                                      : other.c_str();
    const bool has_api =
        is_priced && !lacks_tokens && of.models_without_price.empty() && of.other_currencies.empty();
    AnswerCells cells(selection_.cells_of(key));
    cells.add(currency);
    cells.add_number(is_priced, of.own, why_no_own);
    cells.add_number(has_api, of.api, why_no_api);
    cells.add_number(has_api, of.own - of.api, why_no_api);
    cells.add_quotient(is_priced, of.own, all, 1e6, is_priced ? kNoTokens : why_no_own);
    cells.add_quotient(has_api, of.api, all, 1e6, has_api ? kNoTokens : why_no_api);
    cells.add_quotient(is_priced, of.used, of.own, 1, is_priced ? "nothing was paid" : why_no_own);
    cells.add_quotient(has_api, of.used, of.api, 1, has_api ? "the API would cost nothing" : why_no_api);
    for (const double count : {prompt, of.tokens.cached, of.tokens.generated}) cells.add_count(count);
    cells.add_quotient(true, of.requests, of.requests + unpriced_[key], 1, "no request began");
    cells.add(joined_texts(of.offers));
    cells.add(joined_texts(of.models_without_price));
    if (conversion_.is_active()) cells.add(conversion_.described());
    answer_.rows.push_back(cells.take());
  }

  Client& client_;
  Selection selection_;
  std::string provider_;
  Conversion conversion_;
  PriceBook book_;
  RateBook rates_{{}};  ///< Without a currency to convert to there is none.
  std::map<std::pair<Key, std::string>, Comparison> rows_;
  std::map<Key, double> unpriced_;
  Answer answer_;
};

Result<Answer> ask_self_host(Client& client, TimeRange range, const GivenValues& given) {
  if (range.begin >= range.end) return invalid_argument("the window ends before it begins");
  OPTIINFRA_TRY(const auto bucket, given_bucket(given));
  std::vector<std::string> dimensions = given_names(given, "by");
  if (dimensions.empty()) dimensions = {"model"};
  OPTIINFRA_TRY(Selection selection,
                Selection::create(kCostKeys, dimensions, given_filters(given, kCostKeys), bucket, "hour"));
  return SelfHost(client, range, std::move(selection), given_value(given, "api_provider").value_or(""))
      .run(given_currency(given));
}

}  // namespace

ComputedQuestion self_host_question() {
  ComputedQuestion question{
      .name = "self-host",
      .meaning =
          "What own serving costs next to an API's price for the same tokens, and from which utilization "
          "on it is cheaper",
      .examples =
          "  optiinfra price set llama-3.1-70b 0.88 --per million_input_tokens --provider together\n"
          "  optiinfra price set llama-3.1-70b 0.88 --per million_output_tokens --provider together\n"
          "  optiinfra query self-host --hours 720\n"
          "  optiinfra query self-host --by service --currency USD",
      .is_of_attributed_hours = true,
      .parameters = selection_parameters(kCostKeys),
      .ask = ask_self_host};
  for (QuestionParameter& each : question.parameters)
    if (each.name == "by") each.meaning += "; default model";
  question.parameters.push_back(
      {.name = "api_provider",
       .meaning = "Only prices of this provider; default: of the one that is cheapest for the tokens",
       .form = "NAME"});
  question.parameters.push_back(currency_parameter());
  return question;
}

}  // namespace optiinfra::attribution

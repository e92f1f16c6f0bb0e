/* toml.cc: TOML text to jansson values, by toml++. The only C++ file: nothing of it but toml.h is seen
 * outside. */
#define TOML_EXCEPTIONS        0
#define TOML_ENABLE_FORMATTERS 1
#include <toml++/toml.h>

#include <sstream>
#include <string>

extern "C" {
#include "base/err.h"
}
#include "text/toml.h"

namespace
{

struct converter {
    json_t *places;

    json_t *value(const toml::node &node, const std::string &path)
    {
        if (places && !path.empty()) {
            std::string at = "line " + std::to_string(node.source().begin.line) + ", column " +
                             std::to_string(node.source().begin.column);
            json_object_set_new(places, path.c_str(), json_string(at.c_str()));
        }
        if (const auto *t = node.as_table())
            return table(*t, path);
        if (const auto *a = node.as_array())
            return array(*a);
        if (const auto *s = node.as_string())
            return json_stringn(s->get().data(), s->get().size());
        if (const auto *i = node.as_integer())
            return json_integer(i->get());
        if (const auto *f = node.as_floating_point())
            return json_real(f->get()); // NULL for nan and inf, reported by the caller
        if (const auto *b = node.as_boolean())
            return json_boolean(b->get());
        std::ostringstream text; // a date or time
        node.visit([&](const auto &v) {
            if constexpr (toml::is_date<decltype(v)> || toml::is_time<decltype(v)> ||
                          toml::is_date_time<decltype(v)>)
                text << v.get();
        });
        return json_string(text.str().c_str());
    }

    json_t *table(const toml::table &t, const std::string &path)
    {
        json_t *object = json_object();
        for (const auto &[key, node] : t) {
            std::string name{key.str()};
            std::string below = path.empty() ? name : path + "." + name;
            // Takes over the new value; fails when it is NULL.
            if (json_object_set_new(object, name.c_str(), value(node, below)) != 0) {
                json_decref(object);
                return nullptr;
            }
        }
        return object;
    }

    json_t *array(const toml::array &a)
    {
        json_t *list = json_array();
        for (const auto &node : a)
            if (json_array_append_new(list, value(node, {})) != 0) {
                json_decref(list);
                return nullptr;
            }
        return list;
    }
};

} // namespace

extern "C" json_t *rag_toml_parse(struct rag_str text, json_t **places, struct rag_err *err)
{
    toml::parse_result result = toml::parse(std::string_view{text.p ? text.p : "", text.n});
    if (!result) {
        const toml::parse_error &e = result.error();
        std::string what{e.description()};
        rag_err_set(err, RAG_EFORMAT, "line %u, column %u: %s", (unsigned)e.source().begin.line,
                    (unsigned)e.source().begin.column, what.c_str());
        return nullptr;
    }
    json_t *at = places ? json_object() : nullptr;
    json_t *root = converter{at}.table(result.table(), {});
    if (!root) {
        json_decref(at);
        rag_err_set(err, RAG_EFORMAT,
                    "a value is not usable: nan, inf and NUL characters in keys are not allowed");
        return nullptr;
    }
    if (places)
        *places = at;
    return root;
}

"""What is wrong with one delivery: a file, a page of an answer, its columns, its declaration."""

from collections.abc import Mapping

from warehouse.model import Label

DELIVERIES: Mapping[str, Label] = {
    # content
    "empty_file": Label(
        zh="文件为空（0 字节），请来源单位重新送达",
        en="is empty (0 bytes). Have it delivered again",
    ),
    "damaged": Label(
        zh="压缩文件不完整或已损坏（{why}），请来源单位重新送达",
        en="the compressed file is truncated or damaged ({why}). Have it delivered again",
    ),
    "changed_landed": Label(
        zh="落地后被改动，下次运行重新取回",
        en="was changed where it landed. It is fetched again in the next run",
    ),
    "changed_read": Label(
        zh="读取时被改动，下次运行重新读取",
        en="changed while it was read. It is read again in the next run",
    ),
    "changed_fetched": Label(
        zh="取回时被改动，下次运行重新读取",
        en="changed while it was fetched. It is read again in the next run",
    ),
    "gone_fetched": Label(
        zh="取回前已不在，下次运行再看",
        en="went away before it was fetched. The next run looks again",
    ),
    "no_format": Label(
        zh="文件名看不出格式，请以 {endings} 结尾，或在声明中设置 connector.format",
        en="its name does not tell the format; end it in {endings} or set connector.format",
    ),
    "unfolds": Label(
        zh="解压后超过 {most} MiB，请直接送 Parquet 自带压缩的文件",
        en="unfolds to more than {most} MiB. Deliver Parquet with its own compression",
    ),
    "too_large_parts": Label(
        zh="超过 {most} MiB，请分成多份送达",
        en="is larger than {most} MiB. Have it delivered in parts",
    ),
    "too_large_pages": Label(
        zh="超过 {most} MiB，请分页送达",
        en="is larger than {most} MiB; have it delivered in pages",
    ),
    "too_large": Label(zh="超过 {most} MiB", en="is larger than {most} MiB"),
    "too_many": Label(
        zh='待取文件超过 {most} 个，请移走已入库的文件（after = "move"），或缩小范围',
        en="holds more than {most} deliveries. Have loaded ones moved away"
        ' (after = "move"), or narrow the place or the pattern',
    ),
    # CSV, JSON, Parquet
    "header_encoding": Label(
        zh="第一行{reason}，请按文件的实际编码设置 connector.encoding",
        en="the first line {reason}; set connector.encoding to the file's own",
    ),
    "header_twice": Label(
        zh="表头中列“{name}”出现两次", en="the header names the column {name!r} twice"
    ),
    "header_no_csv": Label(zh="第一行不是 CSV（{why}）", en="the first line is no CSV: {why}"),
    "columns_missing": Label(
        zh="文件中没有列{names}{hint}，请更正 {file} 或让来源单位重新送达",
        en="the file has no column {names}.{hint} Correct {file} or the delivery",
    ),
    "json_cut": Label(
        zh="不是 JSON，或不完整（第 {line} 行第 {column} 列）",
        en="is no JSON, or is cut off (line {line}, column {column})",
    ),
    "json_deep": Label(zh="嵌套层数过深", en="nests more deeply than a delivery does"),
    "json_nothing": Label(
        zh="{at} 处没有内容，请设置 connector.records",
        en="holds nothing at {at}; set connector.records",
    ),
    "no_parquet": Label(
        zh="不是可读的 Parquet 文件（{why}）", en="is no readable Parquet file ({why})"
    ),
    # answers of services
    "not_the_format": Label(
        zh="返回的是“{kind}”而不是 {wanted}，可能是登录页或错误页，"
        "请检查 connector.url、format 与 auth",
        en="answers {kind!r}, not {wanted}; it may be a login or error page."
        " Check connector.url, format and auth",
    ),
    "web_page": Label(
        zh="返回的是网页，可能是登录页或错误页，请检查 connector.url 与 auth",
        en="answers a web page; it may be a login or error page. Check connector.url and auth",
    ),
    "no_length": Label(
        zh="没有说明应答长度，无法判断是否完整，请对方发送 Content-Length",
        en="does not say how long its answer is, so a cut one cannot be told from a whole one."
        " Have it send Content-Length",
    ),
    "packed_damaged": Label(
        zh="压缩的应答已损坏（{why}）", en="its packed answer is damaged ({why})"
    ),
    "packed_cut": Label(zh="压缩的应答不完整", en="its packed answer is cut off"),
    "same_page": Label(
        zh="与第 {page} 页相同，服务似乎不认识分页参数，请检查声明",
        en="is the same as page {page}; the service seems not to know the parameter it is"
        " paged by. Check the declaration",
    ),
    "pages_circle": Label(
        zh="分页成环：第 {page} 页又回到前面的位置，请对方修复服务",
        en="goes round in circles: page {page} leads to where an earlier one led."
        " Have the service mended",
    ),
    "pages_many": Label(
        zh="超过 {most} 页，请改用更大的分页，或提高 connector.most_pages",
        en="has more than {most} pages. Ask for larger pages, or raise connector.most_pages",
    ),
    # tables
    "key_twice": Label(
        zh="多行的 {cursor} 与{names}相同，请指定能唯一区分行的键",
        en="several rows have the same {cursor!r} and {names}. Name a key that is unique",
    ),
    "table_missing": Label(
        zh="没有这张表，或账户“{user}”无权读取{hint}，请更正 connector.table 或申请读取权限",
        en="there is no such table, or {user!r} may not read it.{hint} Correct connector.table,"
        " or have reading granted",
    ),
    "table_changed": Label(
        zh="读取时表结构被改动，请检查声明",
        en="was changed while it was read. Check the declaration",
    ),
    # declarations
    "key_missing": Label(zh="缺少这一项，请补上", en="is missing. Add it"),
    "key_unknown": Label(zh="没有这一项{hint}", en="is no known key.{hint}"),
    "key_empty": Label(zh="为空，请填写或删去", en="is empty. Give a text or remove the key"),
    "value_unknown": Label(zh="不认识“{value}”{hint}", en="{value!r} is not known.{hint}"),
    "value_no_member": Label(
        zh="“{value}”不在词表中{hint}", en="{value!r} is not in the vocabulary.{hint}"
    ),
    "column_required": Label(
        zh="{contract} 必填的“{name}”没有声明，请加到 {places}",
        en="{name!r} is required by {contract} and missing. Add it to {places}",
    ),
    "map_without_column": Label(
        zh="没有可读的列，请在 [columns] 中加上 {name}",
        en="has no column to read. Add {name} to [columns]",
    ),
    "no_toml": Label(
        zh="不是有效的 TOML（{why}），请对照 etl/README.md",
        en="is no valid TOML: {why}. Compare with etl/README.md",
    ),
    "variable_unset": Label(
        zh="环境变量 {name} 未设置", en="${{{name}}} is not set in the environment"
    ),
}

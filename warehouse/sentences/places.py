"""What is wrong with a place deliveries come from: a server, a folder, a secret."""

from collections.abc import Mapping

from warehouse.model import Label

PLACES: Mapping[str, Label] = {
    # folders and files
    "no_place": Label(
        zh="没有这个文件或文件夹，请检查 connector.path 与送数情况",
        en="there is no such file or folder. Check connector.path and the delivery",
    ),
    "unreadable": Label(zh="无法读取（{why}）", en="cannot be read ({why})"),
    "not_moved": Label(
        zh="已入库，但无法移到 {folder}（{why}），请使该文件夹可写并位于同一磁盘",
        en="is loaded, but cannot be moved to {folder} ({why})."
        " Make the folder writable, on the same disk",
    ),
    # secrets
    "secret_no_text": Label(
        zh="密钥文件不是 UTF-8 文本，请重新写入",
        en="holds no UTF-8 text. Write the secret anew",
    ),
    "secret_empty": Label(zh="密钥文件为空，请写入", en="is empty. Write the secret into it"),
    "secret_unreadable": Label(
        zh="密钥无法读取（{why}），请放好文件并允许本账户读取",
        en="the secret cannot be read ({why}). Put the file there and let this account read it",
    ),
    "secret_long": Label(
        zh="作为密钥过长，请检查文件名", en="is too long for a secret. Name the right file"
    ),
    "secret_open": Label(
        zh="密钥文件对本机所有账户开放，请将权限设为 0400",
        en="is open to every account of this machine. Set its mode to 0400",
    ),
    "no_certificate": Label(
        zh="其中没有证书，请放入签发机构的证书",
        en="holds no certificate. Put the authority's there",
    ),
    # services
    "no_answer": Label(zh="{seconds} 秒内没有应答", en="does not answer within {seconds} s"),
    "unreachable": Label(zh="无法连接（{why}）", en="cannot be reached ({why})"),
    "answers_auth": Label(
        zh="返回 {status}，请检查 connector.auth", en="answers {status}. Check connector.auth"
    ),
    "answers_declared": Label(
        zh="返回 {status}，请检查声明", en="answers {status}. Check the declaration"
    ),
    "answers": Label(zh="返回 {status}", en="answers {status:,}"),
    "redirects": Label(
        zh="转向 {where}；若无误，请声明为 connector.url",
        en="redirects to {where}. If that is right, declare it as connector.url",
    ),
    "slow_pieces": Label(zh="传输过慢", en="sends too slowly"),
    "certificate": Label(
        zh="证书不受信任（{why}），请对方更新，或在 connector.ca_file 中指定签发机构",
        en="its certificate is not trusted ({why}). Have it renewed, or set connector.ca_file to"
        " the authority that signed it",
    ),
    "pause": Label(
        zh="对方要求暂停，{seconds} 秒后再试",
        en="asked for a pause. It is asked again in {seconds} s",
    ),
    "left_alone": Label(
        zh="连续失败 {times} 次，{seconds} 秒内不再请求，原因见此前的错误",
        en="failed {times} times in a row and is left alone for {seconds} s. See its errors before",
    ),
    # databases
    "lost": Label(
        zh="无法连接或连接中断（{why}），请检查主机、端口与服务器",
        en="cannot be reached, or the connection was lost ({why}). Check host, port and server",
    ),
    "lost_again": Label(
        zh="无法连接或连接中断（{why}），请检查主机、端口与服务器；将自动重读",
        en="cannot be reached, or the connection was lost ({why}). Check host, port and server;"
        " it is read again",
    ),
    "ended": Label(
        zh="服务器中断了连接（SQLSTATE {code}），将自动重读",
        en="the server ended the connection (SQLSTATE {code}). It is read again",
    ),
    "login": Label(
        zh="服务器拒绝该用户或密码（{why}），请更正 password_file",
        en="the server refuses the user or the password ({why}). Mend password_file",
    ),
    "login_user": Label(
        zh="服务器拒绝用户“{user}”或其密码（{code}），请更正 user 或 password_file",
        en="the server refuses the user {user!r} or the password ({code}). Mend user or"
        " password_file",
    ),
    "server_certificate": Label(
        zh="服务器证书不受信任（{why}），请检查主机与 ca_file",
        en="the server's certificate is not trusted ({why}). Check host and ca_file",
    ),
    "statement_slow": Label(
        zh="一条语句超过 {seconds} 秒，请对方为 cursor 与 key 建索引，调小 page_rows，或提高"
        " statement_timeout",
        en="a statement took longer than {seconds} s. Have an index made over cursor and key,"
        " lower page_rows, or raise statement_timeout",
    ),
    "not_granted": Label(
        zh="账户“{user}”无权读取，请申请该表的 SELECT 权限",
        en="{user!r} may not read it. Have SELECT granted on the table",
    ),
    "server_failed": Label(
        zh="服务器未能应答（{code}），请查看其日志",
        en="the server could not answer ({code}). Look into its log",
    ),
    # SFTP
    "sftp_away": Label(
        zh="无法连接服务器或连接中断，请检查 connector.host、端口与网络",
        en="the server cannot be reached, or broke off. Check connector.host, port and network",
    ),
    "sftp_other_key": Label(
        zh="{place} 出示的主机密钥与声明的不同，可能有人冒充；请先向管理方核实，再修改"
        " connector.host_key",
        en="{place} shows another host key than the pinned one. Somebody may stand in between:"
        " ask who runs it before you change connector.host_key",
    ),
    "sftp_login": Label(
        zh="服务器不允许 {user} 登录，请检查 connector.user 与密钥文件 {file}",
        en="the server does not let {user} in. Check connector.user and the secret in {file}",
    ),
    "sftp_no_folder": Label(
        zh="服务器上没有这个文件或文件夹，请检查 connector.folder",
        en="there is no such file or folder on the server. Check connector.folder",
    ),
    # object stores
    "store_away": Label(
        zh="无法连接对象存储或连接中断，请检查 connector.endpoint 与网络",
        en="the store cannot be reached, or broke off. Check connector.endpoint and network",
    ),
    "store_no_bucket": Label(
        zh="没有这个存储桶，请检查 connector.bucket",
        en="there is no such bucket. Check connector.bucket",
    ),
    "store_no_key": Label(
        zh="对象存储不认识该访问密钥，请检查 access_key_file",
        en="the store does not know the access key. Check access_key_file",
    ),
    "store_wrong_secret": Label(
        zh="私钥与访问密钥不符，请检查 secret_key_file",
        en="the secret key is not the access key's. Check secret_key_file",
    ),
    "store_denied": Label(
        zh="对象存储不允许此操作，请授予该密钥列出与读取存储桶的权限"
        '（after = "move" 时还需写入与删除）',
        en="the store does not permit this. Grant the key to list and read the bucket, and for"
        ' after = "move" to write and delete',
    ),
    "store_clock": Label(
        zh="对象存储与本机时钟不一致，请用 NTP 校时",
        en="the store's clock differs from this machine's. Set both by NTP",
    ),
    "store_certificate": Label(
        zh="对象存储的证书不受信任，请在 connector.ca_file 中指定签发机构",
        en="the store's certificate is not trusted. Name its authority in connector.ca_file",
    ),
    "store_answers": Label(
        zh="对象存储返回 {status}，请询问管理方；将自动重试",
        en="the store answers {status}. Ask who runs it; it is tried again",
    ),
}

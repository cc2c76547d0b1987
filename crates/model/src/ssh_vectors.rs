// Public keys for tests, each with the fingerprint that `ssh-keygen -l` prints.
const GOOD: &[(&str, &str)] = &[
    (
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIC5lU3G7mIE0yeFRRvglc+z0XQ0JBkYrq1i+7gQH8GXs test@example",
        "SHA256:XdZwA9PQ0xvP6HtEdMatkIfBM90slQElTognHgehy14",
    ),
    (
        "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBG8MsWCS4qrxsvZdpAfLfB91ehDzAzDXRVCUMW9HqPIkM1sD0W+sb2vnmuiQXegAtLl9BXTLNgEVazhY6nBGSIg= test@example",
        "SHA256:yeWUli8jHD6LR06PC+jbrtfdIKCUEjCr7NIsHD1cI+Y",
    ),
    (
        "ecdsa-sha2-nistp384 AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzODQAAABhBEt5bhZJej8tEzr392j0RAUFyx8oMR7sQinSlvKrmkCnISy6MmsqJrqJb86p+Pf9xRGHgEpSAHF8HANbl3aHRLNwC1q7i7pvfh26lRGcdX9xCWGYZTA0E+nVi2VpXI85gw== test@example",
        "SHA256:POoltNsL4wNWi1fWQ7pdkmsfbjI6FoogaXDsP/LTBI0",
    ),
    (
        "ecdsa-sha2-nistp521 AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1MjEAAACFBAEFu8sl+Sop6xhghWnaMd4jW/YcCy8mvyQzn95qlniSKtDrNsLhOZ4EQ9Xz4G0iezl9eSu1phwgtA5z+uhP4fv/5wCXLEnc1qIY+aaw9FN7uZDh2yn6FfrGVZX1NdVSb+xuAp7eAq4i5i/TLR2Obr8Bq4Fn9wgPmi9nbPRJEbVzUqepmg== test@example",
        "SHA256:64rvDOElvGk7WNRVGyEloVG244nvrXFgUO352ZSAAc4",
    ),
    (
        "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQCzRTuniLMOS86HYJ+2O7UbGcCpPIZ0Zxx99bUdYvVWToNf1Gw5rwku1uYYRxf0sracJcxB7jbzD5o18Y7C/rMwb30sD8DVU/WfAf4KMqiS8AW5L8aTzVkapm2d9SPrv/rdH4vv9gq+72KQVjM1x2A+vWplunja/kwtb2wilKcoatHrQOLq8b6ErJJmrOOvS7Cjr2oNQkYOzOi2PAkM18dVDqzvpV0Emq3cNIFjQ3fQJ/3Fkmrhi1PxxMaPFz/l71JPuXd8pwU0uaP29YTW1wbflYYkGc44dGMWf5GUlTpohb25oHGTMBUYZ16CxRCx1dGHlNL9XgYmIRcGUeJiK32P test@example",
        "SHA256:u1L2c+kB71lSmluRjRv0nnpInW/LsXyF6rKL1bK+1O0",
    ),
    (
        "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAACAQDcpRtxT9N7wsTxiJde5zkla00ujj9Ze9aL+nQoSpnfQMfn6dubYE/6mh73XwTrCKh8Ym67ko7pyYgULeTB8oAaJVs0rxixhOgXNDWgbRzj61vwBqFiSjygEaRxMZd/6gHRJV3cXcgRUN5fpn3Wt6ORiqZ/MO/4iM3xok8Jk/6ksac4T3V9mTkUVEIX1OzScmUQN6HRFUrTN8X1Cpi9AzspC5TOgvcvFmfXWex4mM8pJ5ioic29HF73+CX992KeUchGTtnN1DH7f5fb9eHvYKf59d/bNUaNjIyFPBbS+STThUOiRU8Ol2N85DPKrhPNI4KKII4DL6l9njYdSDDNqBVtoEuf1WwmERNSeRjQYTN/8+J2JYs8Yoq+aIlbIl2zmPCcfhH+TWAclXPKZctxsEbmW7kppcPx8AdAHGEPoob3uqImN+PVY2hP9QNI4pUoa8RL+bqvGWyectpQlxzoVyEI67GoxGbWGD0SornnmXVHG02sOpDMXJl61fr1sprhdexTs392no1cFRAewVKL3VUzz5KSVM3/e4je4Rfk5QbbwaCDjGg6vGrIbFSSfp0ff+/ESFmLLfSIpTLQmwd33I/26C2v1Xi/HUaqgWa8TVDTBcP0R8bNoKCjV0YJc/EvTs15GE8nBkXsAfhkvGkN4Ifn7NIMJ4HBNOCP+IMlT7QTcQ== test@example",
        "SHA256:9BF35sDH2oyu7EWfeuYhnG5yUQBxaEZHe17fniVx2dM",
    ),
    (
        "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIC5lU3G7mIE0yeFRRvglc+z0XQ0JBkYrq1i+7gQH8GXsAAAABHNzaDo= test@example",
        "SHA256:jiP2+eWYBj7OQ6CkHejIFslRmZlwnnkBy1E8cjbUZvQ",
    ),
    (
        "sk-ecdsa-sha2-nistp256@openssh.com AAAAInNrLWVjZHNhLXNoYTItbmlzdHAyNTZAb3BlbnNzaC5jb20AAAAIbmlzdHAyNTYAAABBBG8MsWCS4qrxsvZdpAfLfB91ehDzAzDXRVCUMW9HqPIkM1sD0W+sb2vnmuiQXegAtLl9BXTLNgEVazhY6nBGSIgAAAAEc3NoOg== test@example",
        "SHA256:ZGgIbrmZ2tRjQaXFgw5mPDLHmAOidb51bkZfqE/OUaE",
    ),
];
const RSA_1024: &str = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQC68TTmkrZOVXrR84RKc3vtihG6uuMsRJSto35QWuQoerZG7eEsCotgCOIZ8PJOrE5MX/hfgj/IiLZ5OsXNDpHTpG2YsSvRks5O3cmegNTuayNZVrjCwkAeCfgrVBlE8/7aie6J2OSXiwhgc+MpS6lauxxhOvJ4+WuCCTEvljiyeQ== test@example";
const OFF_CURVE_P256: &str = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBG8MsWCS4qrxsvZdpAfLfB91ehDzAzDXRVCUMW9HqPIkM1sD0W+sb2vnmuiQXegAtLl9BXTLNgEVazhY6nBGSIk= test@example";
const COMPRESSED_P256: &str = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAAAhAm8MsWCS4qrxsvZdpAfLfB91ehDzAzDXRVCUMW9HqPIk test@example";

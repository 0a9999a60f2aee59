"""The conversion as scripts do it, one image after the other by Pillow's defaults: what bench.convert compares with."""

from __future__ import annotations

import io
import os
import sys

from azure.storage.blob import BlobServiceClient
from PIL import Image


def main(source_name: str, target_name: str) -> None:
    with BlobServiceClient.from_connection_string(os.environ["AZURE_STORAGE_CONNECTION_STRING"]) as service:
        source, target = service.get_container_client(source_name), service.get_container_client(target_name)
        for name in sorted(source.list_blob_names()):
            content = source.download_blob(name).readall()
            try:
                png = io.BytesIO()
                with Image.open(io.BytesIO(content)) as image:
                    image.save(png, "PNG")
            except (OSError, ValueError) as error:
                sys.stderr.write(f"failed {name}: {error}\n")
                continue
            target.upload_blob(name.rsplit(".", 1)[0] + ".png", png.getvalue(), overwrite=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

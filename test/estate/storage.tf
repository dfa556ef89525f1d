# Buckets with their settings as resources of their own, and in the deprecated way, inline. Disks, tables, file systems.
locals {
  deny_insecure = { for i in range(3) : i => jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "OnlyTls"
      Effect    = "Deny"
      Principal = "*"
      Action    = ["s3:DeleteObjectVersion", "s3:PutObjectVersionAcl"]
      Resource  = ["arn:aws:s3:::estate-split-${i}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  }) }
}

resource "aws_s3_bucket" "split" {
  count  = 3
  bucket = "estate-split-${count.index}"
  tags   = { Name = "split-${count.index}" }
}

resource "aws_s3_bucket_policy" "split" {
  count  = 3
  bucket = aws_s3_bucket.split[count.index].id
  policy = local.deny_insecure[count.index]
}

resource "aws_s3_bucket_versioning" "split" {
  count  = 3
  bucket = aws_s3_bucket.split[count.index].id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_public_access_block" "split" {
  count                   = 3
  bucket                  = aws_s3_bucket.split[count.index].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "split" {
  count  = 3
  bucket = aws_s3_bucket.split[count.index].id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.main[0].arn
    }
    bucket_key_enabled = true
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "split" {
  count  = 2
  bucket = aws_s3_bucket.split[count.index].id
  rule {
    id     = "expire"
    status = "Enabled"
    filter {
      prefix = "tmp/"
    }
    expiration {
      days = 30
    }
  }
  rule {
    id     = "archive"
    status = "Enabled"
    filter {
      prefix = "old/"
    }
    transition {
      days          = 90
      storage_class = "GLACIER"
    }
  }
}

resource "aws_s3_bucket_ownership_controls" "split" {
  count  = 2
  bucket = aws_s3_bucket.split[count.index].id
  rule {
    object_ownership = "BucketOwnerPreferred"
  }
}

resource "aws_s3_bucket_acl" "split" {
  bucket     = aws_s3_bucket.split[0].id
  acl        = "private"
  depends_on = [aws_s3_bucket_ownership_controls.split]
}

resource "aws_s3_bucket_cors_configuration" "split" {
  count  = 2
  bucket = aws_s3_bucket.split[count.index].id
  cors_rule {
    allowed_methods = ["GET", "PUT"]
    allowed_origins = ["https://estate.test"]
    allowed_headers = ["*"]
    max_age_seconds = 3000
  }
}

resource "aws_s3_bucket_logging" "split" {
  bucket        = aws_s3_bucket.split[0].id
  target_bucket = aws_s3_bucket.logs.id
  target_prefix = "access/"
  depends_on    = [aws_s3_bucket_acl.logs]
}

resource "aws_s3_bucket_website_configuration" "split" {
  bucket = aws_s3_bucket.split[1].id
  index_document {
    suffix = "index.html"
  }
  error_document {
    key = "error.html"
  }
}

resource "aws_s3_bucket_notification" "split" {
  bucket = aws_s3_bucket.split[0].id
  queue {
    queue_arn     = aws_sqs_queue.plain[0].arn
    events        = ["s3:ObjectCreated:*"]
    filter_prefix = "in/"
  }
}

resource "aws_s3_bucket_accelerate_configuration" "split" {
  bucket = aws_s3_bucket.split[2].id
  status = "Enabled"
}

resource "aws_s3_bucket_object_lock_configuration" "locked" {
  bucket = aws_s3_bucket.locked.id
  rule {
    default_retention {
      mode = "COMPLIANCE"
      days = 5
    }
  }
}

resource "aws_s3_bucket" "locked" {
  bucket              = "estate-locked"
  object_lock_enabled = true
}

resource "aws_s3_object" "readme" {
  bucket  = aws_s3_bucket.logs.id
  key     = "readme.txt"
  content = "hello"
}

resource "aws_s3_bucket" "logs" {
  bucket = "estate-logs"
}

resource "aws_s3_bucket_ownership_controls" "logs" {
  bucket = aws_s3_bucket.logs.id
  rule {
    object_ownership = "BucketOwnerPreferred"
  }
}

resource "aws_s3_bucket_acl" "logs" {
  bucket     = aws_s3_bucket.logs.id
  acl        = "log-delivery-write"
  depends_on = [aws_s3_bucket_ownership_controls.logs]
}

# The deprecated way: everything inline.
resource "aws_s3_bucket" "inline" {
  count  = 2
  bucket = "estate-inline-${count.index}"
  acl    = "private"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::123456789012:root" }
      Action    = "s3:GetObject"
      Resource  = "arn:aws:s3:::estate-inline-${count.index}/*"
    }]
  })
  versioning {
    enabled = true
  }
  server_side_encryption_configuration {
    rule {
      apply_server_side_encryption_by_default {
        sse_algorithm = "AES256"
      }
    }
  }
  lifecycle_rule {
    id      = "expire"
    enabled = true
    prefix  = "tmp/"
    expiration {
      days = 30
    }
  }
  cors_rule {
    allowed_methods = ["GET"]
    allowed_origins = ["https://estate.test"]
    max_age_seconds = 100
  }
  logging {
    target_bucket = aws_s3_bucket.logs.id
    target_prefix = "inline-${count.index}/"
  }
  tags       = { Name = "inline-${count.index}" }
  depends_on = [aws_s3_bucket_acl.logs]
}

resource "aws_ebs_volume" "data" {
  count             = 3
  availability_zone = "us-east-1a"
  size              = 10
  type              = "gp3"
  encrypted         = true
  tags              = { Name = "data-${count.index}" }
}

resource "aws_ebs_snapshot" "data" {
  volume_id   = aws_ebs_volume.data[2].id
  description = "estate"
  tags        = { Name = "data" }
}

resource "aws_dynamodb_table" "main" {
  count          = 3
  name           = "estate-${count.index}"
  billing_mode   = "PROVISIONED"
  read_capacity  = 5
  write_capacity = 5
  hash_key       = "id"
  range_key      = "at"
  attribute {
    name = "id"
    type = "S"
  }
  attribute {
    name = "at"
    type = "N"
  }
  attribute {
    name = "by"
    type = "S"
  }
  global_secondary_index {
    name            = "by"
    hash_key        = "by"
    projection_type = "ALL"
    read_capacity   = 5
    write_capacity  = 5
  }
  ttl {
    attribute_name = "expires"
    enabled        = true
  }
  point_in_time_recovery {
    enabled = true
  }
  tags = { Name = "estate-${count.index}" }
}

resource "aws_efs_file_system" "main" {
  count          = 2
  creation_token = "estate-${count.index}"
  encrypted      = true
  tags           = { Name = "estate-${count.index}" }
}

resource "aws_efs_mount_target" "main" {
  file_system_id  = aws_efs_file_system.main[0].id
  subnet_id       = aws_subnet.main[0].id
  security_groups = [aws_security_group.inline[0].id]
}

resource "aws_efs_access_point" "main" {
  file_system_id = aws_efs_file_system.main[0].id
  tags           = { Name = "estate" }
}

resource "aws_db_subnet_group" "main" {
  count       = 2
  name        = "estate-${count.index}"
  description = "estate"
  subnet_ids  = [aws_subnet.main[0].id, aws_subnet.main[1].id]
  tags        = { Name = "estate" }
}

resource "aws_db_parameter_group" "main" {
  count  = 2
  name   = "estate-${count.index}"
  family = "postgres16"
  tags = { Name = "estate" }
}

resource "aws_db_instance" "main" {
  identifier              = "estate"
  engine                  = "postgres"
  engine_version          = "16.3"
  instance_class          = "db.t3.micro"
  allocated_storage       = 20
  username                = "estate"
  password                = "not-a-secret-but-kept-as-one"
  db_subnet_group_name    = aws_db_subnet_group.main[0].name
  parameter_group_name    = aws_db_parameter_group.main[0].name
  vpc_security_group_ids  = [aws_security_group.inline[0].id]
  backup_retention_period = 7
  skip_final_snapshot     = true
  tags                    = { Name = "estate" }
}

resource "aws_elasticache_subnet_group" "main" {
  name       = "estate"
  subnet_ids = [aws_subnet.main[0].id]
}

resource "aws_backup_vault" "main" {
  count = 2
  name  = "estate-${count.index}"
}
